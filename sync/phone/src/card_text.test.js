// The cards of tests/sync/cards.json: links, addresses, and pictures that sync/settings.py wrote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCard } from "./card_text.js";

const cards = JSON.parse(readFileSync(new URL("../../../tests/sync/cards.json", import.meta.url), "utf8"));
const told = (card) => card && Object.fromEntries(Object.entries(card).filter(([, value]) => value !== undefined));

for (const { name, said, card } of cards) {
  test(`a card: ${name}`, async () => {
    assert.deepEqual(told(await readCard(said)), card);
  });
}
