const ESC = String.fromCharCode(27);
const sequence = new RegExp(`${ESC}(?:\\[([?0-9;]*)([A-Za-z])|([78]))|.`, "gsu");

/** What a terminal of some width shows: as much of its control sequences as the tool and its libraries use. */
export class Screen {
  private readonly rows: string[][] = [[]];
  private row = 0;
  private column = 0;
  private saved = { row: 0, column: 0 };
  cursorVisible = true;
  wrapsLines = true;
  /** lines that went on in the next row */
  readonly wrapped: string[] = [];
  /** rows whose last character was written over because the text was too long */
  readonly cut = new Set<number>();

  constructor(
    readonly columns: number,
    output: string,
    /** rows that are seen; a saved place of the cursor is one among them, whatever has scrolled */
    private readonly height = 50,
  ) {
    for (const [whole, parameters = "", command, number] of output.matchAll(sequence)) {
      if (command !== undefined) this.control(parameters, command);
      else if (number === "7") this.saved = { row: this.row - this.top, column: this.column };
      else if (number === "8") Object.assign(this, { row: this.saved.row + this.top, column: this.saved.column });
      else if (whole === "\r") this.column = 0;
      else if (whole === "\n") this.down();
      else this.print(whole);
    }
  }

  get lines(): string[] {
    return this.rows.map((cells) =>
      Array.from(cells, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
  }

  private get top(): number {
    return Math.max(0, this.rows.length - this.height);
  }

  private print(character: string): void {
    if (this.column === this.columns) {
      if (this.wrapsLines) {
        this.wrapped.push(this.rows[this.row]!.join(""));
        this.down();
        this.column = 0;
      } else {
        this.cut.add(this.row);
        this.column--;
      }
    }
    this.rows[this.row]![this.column++] = character;
  }

  private down(): void {
    this.row++;
    this.rows[this.row] ??= [];
  }

  private control(parameters: string, command: string): void {
    const number = Number(parameters || "1");
    if (command === "m") return;
    if (command === "G") this.column = number - 1;
    else if (command === "K" && Number(parameters) === 0)
      this.rows[this.row]!.length = Math.min(this.rows[this.row]!.length, this.column);
    else if (command === "K") this.rows[this.row] = [];
    else if (command === "A") this.row -= number;
    else if (/^\?(7|25)$/.test(parameters) && /[hl]/.test(command)) {
      if (parameters === "?7") this.wrapsLines = command === "h";
      else this.cursorVisible = command === "h";
    } else throw new Error(`a control sequence that the tests do not know: ${parameters}${command}`);
  }
}
