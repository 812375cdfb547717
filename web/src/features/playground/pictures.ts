import { count } from "../../format/numbers";
import { t } from "../../text/en";
import type { Picture } from "./chat";

const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const BYTES_MAX = 5 << 20;
export const PICTURES_MAX = 4;
export const ACCEPTED = KINDS.join(",");

const asUrl = (file: File) =>
  new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error(file.name));
    reader.readAsDataURL(file);
  });

/** Files as pictures of a message that has `before` of them; or what is wrong with one of them. */
export async function readPictures(files: File[], before: number): Promise<Picture[] | string> {
  if (before + files.length > PICTURES_MAX) return t.playground.pictureMany(count(PICTURES_MAX));
  for (const file of files) {
    if (!KINDS.includes(file.type)) return t.playground.pictureKind(file.name);
    if (file.size > BYTES_MAX) return t.playground.pictureLarge(file.name, count(BYTES_MAX >> 20));
  }
  return Promise.all(files.map(async (file) => ({ name: file.name, url: await asUrl(file) })));
}
