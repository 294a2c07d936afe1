/** The versions that `sterna version` names. A test holds them against package.json and the engine itself. */
export const VERSIONS = {
  sterna: '0.1.0',
  duckdb: '1.5.5',
  node: process.versions.node,
} as const
