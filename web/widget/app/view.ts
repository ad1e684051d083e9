/**
 * Draws a description of the page and, the next time, changes only what differs. A framework does this for components
 * with states of their own; here there is one state, and the third of the size budget that one would take is better spent.
 * Text becomes text nodes and names become attributes: there is no way to set HTML (X1).
 */
export interface View {
  readonly tag: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly children: readonly Child[];
  readonly key: string | number | undefined;
}

export type Child = View | string | number | boolean | null | undefined | readonly Child[];
type Props = Readonly<Record<string, unknown>> & { readonly children?: Child };
type Component = (props: never) => Child;

/** What JSX is compiled to. Components are called at once; a view that was kept may be given again. */
export function jsx(tag: string | Component, { children, ...props }: Props, key?: string | number): Child {
  if (typeof tag === "function") return tag({ ...props, children } as never);
  return { tag, props, children: Array.isArray(children) ? children : [children], key };
}

export { jsx as jsxs };

export const Fragment = ({ children }: { readonly children: Child }): Child => children;

/** What elements may be made of, for the compiler. */
declare global {
  namespace JSX {
    type Element = Child;
    type ElementType = string | ((props: never) => Child);
    interface ElementChildrenAttribute {
      children: unknown;
    }
    interface IntrinsicElements {
      [tag: string]: Record<string, unknown>;
    }
    interface IntrinsicAttributes {
      key?: string | number;
    }
  }
}

interface Drawn {
  readonly node: Node;
  readonly view: View | string;
  readonly kids: Map<string, Drawn>;
}

const roots = new WeakMap<Element, Map<string, Drawn>>();

export function render(child: Child, parent: Element): void {
  const kids = roots.get(parent) ?? new Map<string, Drawn>();
  roots.set(parent, kids);
  drawKids(parent, kids, [child]);
}

/** Every child has a key: its own, or its place, so that what stands behind a list keeps its element. */
function drawKids(parent: Node, kids: Map<string, Drawn>, children: readonly Child[]): void {
  const wanted = flatten(children, "");
  for (const [key, { node }] of kids) {
    if (wanted.has(key)) continue;
    kids.delete(key);
    parent.removeChild(node);
  }
  let next = parent.firstChild;
  for (const [key, view] of wanted) {
    const before = kids.get(key);
    const drawn = draw(before, view);
    kids.set(key, drawn);
    if (before !== undefined && before.node !== drawn.node) {
      if (next === before.node) next = next.nextSibling;
      parent.removeChild(before.node);
    }
    if (drawn.node === next) next = next.nextSibling;
    else parent.insertBefore(drawn.node, next);
  }
}

function flatten(children: readonly Child[], prefix: string, into = new Map<string, View | string>()) {
  children.forEach((child, at) => {
    if (Array.isArray(child)) flatten(child as readonly Child[], `${prefix}${at}.`, into);
    else if (typeof child === "string" || typeof child === "number") into.set(prefix + at, `${child}`);
    else if (typeof child === "object" && child !== null) {
      const view = child as View;
      into.set(`${prefix}${view.key === undefined ? at : `=${view.key}`}`, view);
    }
  });
  return into;
}

function draw(before: Drawn | undefined, view: View | string): Drawn {
  if (before?.view === view) return before;
  if (typeof view === "string") return { node: document.createTextNode(view), view, kids: new Map() };
  const same = typeof before?.view === "object" && before.view.tag === view.tag;
  const node = same ? (before.node as Element) : create(view.tag);
  const kids = same ? before.kids : new Map<string, Drawn>();
  setProps(node, same ? (before.view as View).props : {}, view.props);
  drawKids(node, kids, view.children);
  return { node, view, kids };
}

function create(tag: string): Element {
  return tag === "svg" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
}

function setProps(node: Element, before: Props, props: Props): void {
  for (const name of Object.keys({ ...before, ...props })) {
    const value = props[name];
    if (value === before[name]) continue;
    if (name.startsWith("on")) (node as unknown as Record<string, unknown>)[name.toLowerCase()] = value ?? null;
    // ARIA tells "false" from nothing; everywhere else a no is an attribute that is not there.
    else if (value === undefined || value === null || (value === false && !name.startsWith("aria")))
      node.removeAttribute(name);
    else node.setAttribute(name, value === true && !name.startsWith("aria") ? "" : `${value as string}`);
  }
}
