// Tabs by the ARIA pattern: arrow keys move, the panel follows.

export class Tabs {
  // changed(name) gets the name of the tab that is shown; a tab is called "tab-NAME" and its panel "panel-NAME".
  constructor(list, changed) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.changed = changed;
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab.id.slice(4)));
    list.addEventListener("keydown", (event) => this.move(event));
  }

  get shown() {
    return this.tabs.find((tab) => tab.ariaSelected === "true").id.slice(4);
  }

  show(name) {
    for (const tab of this.tabs) {
      const on = tab.id === `tab-${name}`;
      tab.ariaSelected = String(on);
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(`panel-${tab.id.slice(4)}`).hidden = !on;
    }
    this.changed(name);
  }

  move(event) {
    const at = this.tabs.findIndex((tab) => tab === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = this.tabs.at(to % this.tabs.length);
    this.show(tab.id.slice(4));
    tab.focus();
  }
}
