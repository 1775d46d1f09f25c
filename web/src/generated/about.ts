// Written by web/describe.py from src/mememoji/version.py and docs/results/other-origin.md.

/** The version of the package. */
export const VERSION = "0.1.0";

/** The date on which the accuracy in the model card was measured. */
export const ACCURACY_DATE = "2026-11-28";
