// What was typed where a number is asked for and is none that the engine can hold (its whole numbers have 32 bits, as in
// Collect), by the id of the question's node. The engine has no answer there, and says nothing.
import { reactive } from "vue";
import { heedUnread } from "./walk.js";

export const unread = reactive(new Map());
heedUnread(unread);
