/**
 * What went wrong, by who can mend it: the command line or config, the data, files and disks, a model file,
 * a training that diverged, or nnfit itself; or nothing did, but a check that the user asked for failed.
 */
export type ErrorKind = "check" | "usage" | "data" | "files" | "model" | "diverged" | "fault";

export interface ErrorDetails {
  /** where: a file and line */
  readonly at?: string | undefined;
  /** the setting of the config that is at fault, such as data.target */
  readonly setting?: string | undefined;
  /** what was there instead */
  readonly have?: string | undefined;
  /** what to do about it */
  readonly try?: string | undefined;
  /** It is a cell that can't be read: what is done with each row by itself can go on without it. */
  readonly unreadable?: boolean;
  /** The system refused something of a file: once that is mended, the same can be tried again. */
  readonly bySystem?: boolean;
}

/** An error that a user can act on. Printed without a stack trace, in four parts: what, where, what was there, what to try. A part may have several lines. */
export class NnfitError extends Error {
  override readonly name = "NnfitError";

  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }

  /** The same with some other details. */
  with(details: ErrorDetails): NnfitError {
    return new NnfitError(this.kind, this.message, { ...this.details, ...details });
  }
}

/** An error as plain data, which a thread can send. */
export type ErrorParts = Pick<NnfitError, "kind" | "message" | "details">;

export function partsOf({ kind, message, details }: NnfitError): ErrorParts {
  return { kind, message, details };
}

export function errorOf({ kind, message, details }: ErrorParts): NnfitError {
  return new NnfitError(kind, message, details);
}

/** The error of an operation on a file, in words. `doing` reads like "read the table" or "write the file". */
export function fileError(doing: string, path: string, cause: unknown): NnfitError {
  const { code, message } = cause as NodeJS.ErrnoException; // node:fs rejects with nothing else
  const noFolder = code === "ENOENT" && doing.startsWith("write");
  const reason = noFolder ? "its folder does not exist" : (reasons[code ?? ""] ?? message);
  return new NnfitError("files", `can't ${doing}: ${reason}`, { at: path, try: ways[code ?? ""], bySystem: true });
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  EEXIST: "a file with that name is in the way",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file has reached the largest size that is allowed",
  EIO: "the disk failed to read or write",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many open files",
};

/** What can be done about some of them. */
const ways: Record<string, string> = {
  ENOSPC: "freeing space on that disk",
  EDQUOT: "freeing space, or a larger quota",
  EFBIG: "a higher limit (ulimit -f), or another disk",
};
