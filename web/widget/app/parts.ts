import css from "./parts.css";

/** The rest of the app, which is fetched when it is first wanted (later.ts), with how it looks. */
export { Camera } from "./camera.tsx";
export { Emoji as emoji } from "./emoji.tsx";
export { drawFile } from "./file.tsx";
export { Join } from "./join.tsx";
export { dropAllFiles, dropFiles, keepFiles, recall } from "./keep-files.ts";
export { Menu } from "./menu.tsx";
export { Rating } from "./rating.tsx";
export { Offer, Reach } from "./reach.tsx";
export { resumeWith } from "./resume.ts";
export { cancelUpload, postFiles } from "./upload.ts";
export { Voice as voice } from "./voice.tsx";

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets.push(sheet);
