import { crypto } from "./builtins.js";

const digits = "0123456789abcdef";

/**
 * Makes a reference for a request whose caller gave none: a random UUID, also where `crypto.randomUUID` is
 * not, as it is for secure contexts only. It is made on the page, which so knows it whatever becomes of the program.
 */
export function newReference(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  let text = "";
  for (let i = 0; i < 16; i++) {
    const byte = bytes[i] as number;
    const dash = i === 4 || i === 6 || i === 8 || i === 10 ? "-" : "";
    text += `${dash}${digits[byte >> 4]}${digits[byte & 15]}`;
  }
  return text;
}
