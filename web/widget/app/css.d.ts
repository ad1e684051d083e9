/** A stylesheet's text, as the bundler gives it. */
declare module "*.css" {
  const css: string;
  export default css;
}
