import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, drawn, lengthOf } from "./walked.js";

// a square of 0.001° at 21° north: 111.32 m by 103.93 m
const SQUARE = [[21, 107], [21.001, 107], [21.001, 107.001], [21, 107.001]];

test("metres and hectares are those of the ground", () => {
  assert.equal(Math.round(lengthOf(SQUARE, false)), 327);
  assert.equal(Math.round(lengthOf(SQUARE, true)), 430);
  assert.equal(Math.round(areaOf(SQUARE)), 11_569);
  assert.equal(areaOf(SQUARE.toReversed()), areaOf(SQUARE));
});

test("one point has neither", () => {
  assert.deepEqual([lengthOf([[21, 107]], true), areaOf([[21, 107], [22, 107]])], [0, 0]);
});

test("north is above, and everything is in the picture", () => {
  const [first, second] = drawn(SQUARE, 100);
  assert.ok(second[1] < first[1]);
  assert.ok(drawn(SQUARE, 100).flat().every((each) => each >= 0 && each <= 100));
  assert.deepEqual(drawn([[21, 107]], 100), [[0, 0]]);
});
