/** What a check found, as one line of figures. A check that throws has failed. */
export type Finding = { readonly ok: boolean; readonly figures: string };
