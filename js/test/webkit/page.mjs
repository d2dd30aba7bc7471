// A page in WebKitGTK: of puppeteer's Page what the tests use, over WebDriver.

import { EventEmitter } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { By, Key } from "selenium-webdriver";

/**
 * What must run in a page before anything else, so that its complaints are
 * heard: the test's site puts it into its pages.
 */
export const firstScript = new URL("in-page.js", import.meta.url);

/** Emits "console" and "pageerror" as puppeteer's does, with each answer of the page. */
export class Page extends EventEmitter {
  #session;
  #begun = Promise.resolve();

  /** @param {import("selenium-webdriver").WebDriver} session */
  constructor(session) {
    super();
    this.#session = session;
    this.keyboard = new Keyboard(session);
  }

  /** Of a page that lacks the first script, what it prints while it loads is not heard. */
  async goto(url) {
    await this.#session.get(url);
    await this.#session.executeScript(await readFile(firstScript, "utf8"));
  }

  async reload() {
    await this.#session.navigate().refresh();
    await this.#session.executeScript(await readFile(firstScript, "utf8"));
  }

  goBack() {
    return this.#session.navigate().back();
  }

  async evaluate(run, ...args) {
    return (await this.#call(run, args, "value")).value;
  }

  async evaluateHandle(run, ...args) {
    return new Handle(this, (await this.#call(run, args, "handle")).handle);
  }

  $eval(selector, run) {
    return this.evaluate(`(selector) => (${run})(document.querySelector(selector))`, selector);
  }

  $$eval(selector, run) {
    return this.evaluate(
      `(selector) => (${run})([...document.querySelectorAll(selector)])`,
      selector,
    );
  }

  waitForSelector(selector) {
    return this.evaluateHandle(
      (selector) =>
        new Promise((resolve) => {
          const look = () => {
            const found = document.querySelector(selector);
            if (found) {
              observer.disconnect();
              resolve(found);
            }
          };
          const observer = new MutationObserver(look);
          observer.observe(document, { subtree: true, childList: true, attributes: true });
          look();
        }),
      selector,
    );
  }

  /** Looks at every change of the document, until the function returns what is true. */
  waitForFunction(run, _options, ...args) {
    return this.evaluate(
      `(...args) => new Promise((resolve, reject) => {
         const observer = new MutationObserver(look);
         function look() {
           try {
             if ((${run})(...args)) {
               observer.disconnect();
               resolve();
             }
           } catch (error) {
             observer.disconnect();
             reject(error);
           }
         }
         observer.observe(document, {
           subtree: true, childList: true, attributes: true, characterData: true,
         });
         look();
       })`,
      ...args,
    );
  }

  focus(selector) {
    return this.$eval(selector, (element) => element.focus());
  }

  async click(selector) {
    await (await this.#session.findElement(By.css(selector))).click();
  }

  /** Sizes the window such that the page has this size. */
  async setViewport({ width, height }) {
    const window = this.#session.manage().window();
    const [x, y] = await this.evaluate(() => [outerWidth - innerWidth, outerHeight - innerHeight]);
    await window.setRect({ x: 0, y: 0, width: width + x, height: height + y });
  }

  async screenshot({ path }) {
    await writeFile(path, await this.#session.takeScreenshot(), "base64");
  }

  /**
   * Has the page's side, in-page.js, call a function; what goes over is JSON.
   * Calls begin in their order, as with puppeteer, and may be pending together.
   */
  async #call(run, args, wanted) {
    const given = args.map((arg) => (arg instanceof Handle ? { handle: arg.id } : { value: arg }));
    const begun = this.#begun.then(() =>
      this.#session.executeScript(
        `const [args, wanted] = arguments;
         return testDriver.begin(${run}, JSON.parse(args), wanted);`,
        JSON.stringify(given),
        wanted,
      ),
    );
    this.#begun = begun.catch(() => {});
    const number = await begun;
    const ask = () =>
      this.#session.executeAsyncScript("testDriver.end(arguments[0]).then(arguments[1])", number);
    const answer = await ask().catch((error) => {
      if (!/Could not parse script result/.test(error)) {
        throw error;
      }
      return ask(); // once in some thousand times the driver says so of an answer that is like the others
    });
    const { heard, error, ...result } = JSON.parse(answer);
    for (const { type, text } of heard) {
      if (type === "pageerror") {
        this.emit(type, text);
      } else {
        this.emit("console", { type: () => type, text: () => text });
      }
    }
    if (error) {
      throw new Error(error);
    }
    return result;
  }
}

/** An object that stays in the page. */
class Handle {
  #page;

  constructor(page, id) {
    this.#page = page;
    this.id = id;
  }

  evaluate(run, ...args) {
    return this.#page.evaluate(run, this, ...args);
  }

  evaluateHandle(run, ...args) {
    return this.#page.evaluateHandle(run, this, ...args);
  }
}

/** puppeteer's names of keys that are not what they type. */
const keys = {
  ArrowDown: Key.ARROW_DOWN,
  Backspace: Key.BACK_SPACE,
  Control: Key.CONTROL,
  Enter: Key.ENTER,
  KeyA: "a",
  Digit1: "1",
  Digit2: "2",
  Digit6: "6",
  Escape: Key.ESCAPE,
  Tab: Key.TAB,
};

class Keyboard {
  #session;

  constructor(session) {
    this.#session = session;
  }

  down(key) {
    return this.#session.actions().keyDown(keys[key]).perform();
  }

  up(key) {
    return this.#session.actions().keyUp(keys[key]).perform();
  }

  press(key) {
    return this.#session.actions().keyDown(keys[key]).keyUp(keys[key]).perform();
  }

  type(text) {
    return this.#session.actions().sendKeys(text).perform();
  }
}
