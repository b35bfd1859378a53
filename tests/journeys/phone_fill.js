// Fills sheets of one form in the form engine that the phone app ships, as a person with the app would: every question
// that is asked, in order, some optional ones left out, some answers changed again, put aside half-way and taken up.
// `walk`: where the app's own walk.js is. The tree is kept and serialised as its engine.js does, which a page cannot load by
// itself. Evaluated in a page of /phone/; gives for each seed {xml, files, answered, tries}, or null where nothing could be sent.
async ({ engine, walk, form, lists, seeds, photo, person }) => {
  const SHEET = "xml_submission_file";
  const TRIES = 12;
  const DAY = 86_400_000;
  const WORDS = [
    "Ngàn Chi", "Khe Tiền", "đường vào thôn sạt lở ở km 2", "chưa có", "Hộ ông Chìu A Sềnh & con", "<không rõ>", "\"như năm trước\"",
    "Nà Hắc ’", "cao 1,5 m; rộng 3 m", "Ta\u0302\u0300y", "Sán Chỉ\u00a0– Dao", "👍 tốt", "thôn  hai dấu cách", "]]>", "0912345678", "+84912345678",
    "   ", " thừa dấu cách ", "0012", "1e3",
  ];

  let state = 0;
  const chance = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const upTo = (number) => Math.floor(chance() * (number + 1));
  const oneOf = (list) => list[upTo(list.length - 1)];
  const shuffled = (list) => list.map((each) => [chance(), each]).sort((a, b) => a[0] - b[0]).map(([, each]) => each);
  const two = (number) => String(number).padStart(2, "0");

  // -- the app's own way with the engine ------------------------------------------------------------------------------

  const { isBlank, isQuestion, lacking, layout, plain, screens, tidy } = await import(walk);
  const { loadForm } = await import(engine);
  const loaded = await loadForm(form, {
    fetchFormAttachment: async (url) => {
      const name = decodeURIComponent(/^jr:\/\/[a-z-]+\/(.+)$/.exec(String(url))[1]);
      if (!(name in lists)) throw new Error(`no list ${name}`);
      return new Response(lists[name], { headers: { "Content-Type": "text/csv" } });
    },
    missingResourceBehavior: "BLANK",
  });
  if (loaded.status === "failure") throw loaded.error;

  let moment = Date.now();
  const config = () => ({
    preloadProperties: { deviceID: person.deviceId, username: person.name },
    instanceAttachments: { fileNameFactory: ({ extension }) => `${(moment += 1)}${(extension ?? "").toLowerCase()}` },
  });

  /** The sheet, and in `kept` its files: the engine gives those alone that came since it was taken up. */
  async function serialise(root, kept) {
    const payload = await root.prepareInstancePayload({ payloadType: "monolithic" });
    let xml = "";
    for (const [name, file] of payload.data[0].entries()) {
      if (name === SHEET) xml = `<?xml version="1.0" encoding="UTF-8"?>${await file.text()}`;
      else kept.set(name, file);
    }
    for (const name of [...kept.keys()].filter((each) => !xml.includes(`>${each}<`))) kept.delete(name);
    return xml;
  }

  /** Put aside and taken up again. */
  async function again(root, kept) {
    const data = new FormData();
    data.append(SHEET, new File([await serialise(root, kept)], SHEET, { type: "text/xml" }));
    for (const [name, file] of kept) data.append(name, new File([await file.arrayBuffer()], name, { type: file.type }));
    const opened = (await loaded.restoreInstance({ data: [data] }, config())).root;
    while ([...nodes(opened)].some((node) => node.currentState.attachmentState?.loading)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return opened;
  }

  // -- the tree ---------------------------------------------------------------------------------------------------------

  const shape = layout(form);

  function* nodes(node) {
    yield node;
    for (const child of node.currentState.children ?? []) yield* nodes(child);
  }

  /** What stands on the screens of the app, in order: questions, and the lists of repeats. */
  const shown = (root) => screens(root, shape).flatMap((page) => (page.range ? [page.range] : page.nodes.filter(isQuestion)));
  const isAsked = (node) => !node.nodeType.startsWith("repeat-range");
  const broken = (root) => screens(root, shape).flatMap(lacking);
  const values = (root) => [...nodes(root)].map((node) => node.currentState.instanceValue).filter((said) => typeof said === "string");

  // -- answers ----------------------------------------------------------------------------------------------------------

  const day = (at) => `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const daysAgo = (number) => new Date(Date.now() - number * DAY);

  /** A day of the last years, or close to a day that the sheet speaks of. */
  function someDay(root) {
    const told = values(root).map((said) => /^\d{4}-\d\d-\d\d/.exec(said)?.[0]).filter(Boolean);
    if (told.length && chance() < 0.6) {
      const at = new Date(new Date(`${oneOf(told)}T12:00:00`).getTime() + (upTo(5) - 1) * DAY);
      return at > Date.now() ? new Date() : at;
    }
    return daysAgo(upTo(oneOf([3, 60, 4000, 45_000])));
  }

  function moments(root) {
    const at = someDay(root);
    const minutes = -at.getTimezoneOffset();
    const clock = at.toDateString() === new Date().toDateString() ? "00:05" : `${two(upTo(23))}:${two(upTo(59))}`;
    return `${day(at)}T${clock}:00.000${minutes < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  }

  const whole = () => String(oneOf([upTo(3), upTo(30), upTo(300), upTo(1500), 1900 + upTo(126), upTo(100) * 1_000_000, 3_000_000_000, -1]));
  const decimal = () => oneOf([whole, () => `${upTo(99)}.${1 + upTo(8)}`, () => `0.${two(upTo(98))}5`, () => "2500000000", () => "12.50", () => "007"])();
  const text = () => (chance() < 0.7 ? oneOf(WORDS) : `${oneOf(WORDS)}, ${oneOf(WORDS)}`);
  const place = () => [8.5 + chance() * 14, 102.2 + chance() * 7, chance() < 0.3 ? 0 : chance() * 3000 - 20, chance() * 30]
    .map((each) => Math.round(each * 1e7) / 1e7).join(" ");
  const INPUTS = {
    int: whole, decimal, string: text, geopoint: place, date: (root) => day(someDay(root)), dateTime: moments,
  };

  function tryOne(node, root) {
    const { nodeType, valueType } = node;
    if (nodeType === "select") {
      const options = node.currentState.valueOptions.map((option) => option.value);
      if (node.selectType === "select") node.selectValues(shuffled(options).slice(0, oneOf([1, 1, 2, 3])));
      else node.selectValue(options.length ? oneOf(options) : null);
    } else if (nodeType === "upload") {
      if (!node.nodeOptions.media.accept.startsWith("image/")) throw new Error(`no file of ${node.nodeOptions.media.accept} here`);
      node.setValue(new File([Uint8Array.from(atob(photo), (sign) => sign.charCodeAt(0))], "anh.JPG", { type: "image/jpeg" }));
    } else if (valueType === "string" && node.appearances?.multiline && chance() < 0.5) {
      node.setValue(`${text()}\n${text()}`);
    } else {
      if (!INPUTS[valueType]) throw new Error(`no answer for ${valueType} here`);
      node.setValue(INPUTS[valueType](root));
    }
  }

  function blank(node) {
    if (node.nodeType === "select") return node.selectType === "select" ? node.selectValues([]) : node.selectValue(null);
    return node.setValue(["string", "int", "decimal"].includes(node.valueType) ? "" : null);
  }

  /** Answers until no rule is broken; at last leaves it blank. */
  function answer(node, root) {
    if (node.currentState.readonly) return;
    if (!node.currentState.required && chance() < 0.25) return void (chance() < 0.1 && blank(node));
    for (let tries = 0; tries < 60; tries += 1) {
      tryOne(node, root);
      if (!lacking({ nodes: [node] }).length) return;
    }
    blank(node);
  }

  function repeat(range) {
    const wanted = upTo(3);
    while (range.currentState.children.length > wanted) range.removeInstances(upTo(range.currentState.children.length - 1));
    while (range.currentState.children.length < wanted) range.addInstances();
  }

  /** Goes through the questions that were not looked at, until there is none; `stop`: after so many. */
  function goThrough(root, seen, stop = Infinity) {
    for (let count = 0; count < stop;) {
      const open = shown(root).filter((node) => !seen.has(node.currentState.reference));
      if (!open.length) return;
      for (const [index, node] of open.entries()) {
        const { reference, relevant } = node.currentState;
        // rows come and go with what was answered before them: looked for anew each time
        if (count >= stop || (index && reference.includes("["))) break;
        if (!relevant) continue;
        seen.add(reference);
        count += 1;
        if (isAsked(node)) answer(node, root);
        else repeat(node);
      }
    }
  }

  /** What the list of what lacks leads to: the questions that break a rule, and those that came up meanwhile. */
  function mend(root, seen) {
    for (let round = 0; round < 8; round += 1) {
      goThrough(root, seen);
      const wrong = broken(root);
      if (!wrong.length) return true;
      for (const node of wrong) if (node.currentState.relevant) answer(node, root);
    }
    return false;
  }

  async function fill() {
    let { root } = await loaded.createInstance(config());
    const kept = new Map();
    if (chance() < 0.5) root = await again(root, kept);
    const seen = new Set();
    if (chance() < 0.4) {
      goThrough(root, seen, 5 + upTo(40));
      root = await again(root, kept);
    }
    if (!mend(root, seen)) return null;
    for (let changes = chance() < 0.5 ? upTo(3) : 0; changes > 0; changes -= 1) {
      if (chance() < 0.3) root = await again(root, kept);
      answer(oneOf(shown(root).filter(isAsked)), root);
      if (!mend(root, seen)) return null;
    }
    tidy(screens(root, shape));
    if (broken(root).length) return null;
    const answered = shown(root).filter((node) => isAsked(node) && !isBlank(node));
    const xml = await serialise(root, kept);
    return { xml, files: [...kept.keys()], answered: answered.map((node) => plain(node.currentState.reference)) };
  }

  const done = [];
  for (const seed of seeds) {
    let made = null;
    let tries = 0;
    while (made === null && tries < TRIES) {
      state = Math.imul(seed + 1, 2_654_435_761) + tries;
      tries += 1;
      made = await fill();
    }
    done.push(made && { ...made, tries });
  }
  return done;
};
