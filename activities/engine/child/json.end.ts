/** Knows when a JSON text is whole, while it is written. */
export class JsonEnd {
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  private hasBegun = false;
  private isScalar = false;

  /** How many characters of `text` belong to the value when it ends in it; undefined when it goes on. */
  add(text: string): number | undefined {
    for (let at = 0; at < text.length; at++) {
      if (this.ends(text[at] ?? '')) return this.isScalar ? at : at + 1;
    }
    return undefined;
  }

  private ends(character: string): boolean {
    if (this.isInString) return this.inString(character);
    if (this.isScalar) return /\s/.test(character);
    if (character === '"') this.isInString = true;
    else if (character === '{' || character === '[') this.depth++;
    else if (character === '}' || character === ']') return --this.depth === 0;
    else if (!this.hasBegun && !/\s/.test(character)) this.isScalar = true;
    this.hasBegun ||= !/\s/.test(character);
    return false;
  }

  private inString(character: string): boolean {
    if (this.isEscaped) this.isEscaped = false;
    else if (character === '\\') this.isEscaped = true;
    else if (character === '"') {
      this.isInString = false;
      return this.depth === 0;
    }
    return false;
  }
}
