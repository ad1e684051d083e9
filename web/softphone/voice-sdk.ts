/** The telephone in an agent's browser, bundled as a file of our own (src/http/voice-sdk.ts). */
export { Device } from "@twilio/voice-sdk";
