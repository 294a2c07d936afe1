'use strict'

/**
 * Who may import whom, as DESIGN says it:
 * `cli, admin -> server -> store, query -> flight, errors, limits`; `client -> flight`.
 *
 * `config` and `telemetry` are leaves that a layer takes where it needs them.
 *
 * A layer is listed with everything it may import from the project; what is not listed is refused.
 */
const shared = ['^flight/', '^src/(errors|limits|zstd)\\.ts$']
const layers = {
  flight: { path: '^flight/', mayImport: ['^flight/'] },
  errors: { path: '^src/errors\\.ts$', mayImport: ['^flight/status\\.ts$'] },
  version: { path: '^src/version\\.ts$', mayImport: [] },
  limits: { path: '^src/limits\\.ts$', mayImport: [] },
  zstd: { path: '^src/zstd\\.ts$', mayImport: [] },
  config: { path: '^src/config/', mayImport: ['^src/config/', '^src/errors\\.ts$', '^src/limits\\.ts$'] },
  telemetry: {
    path: '^src/telemetry/',
    mayImport: ['^src/telemetry/', '^src/errors\\.ts$', '^src/limits\\.ts$'],
  },
  store: {
    path: '^src/store/',
    mayImport: [...shared, '^src/(store|telemetry)/', '^src/config/(bytes|duration)\\.ts$'],
  },
  query: {
    path: '^src/query/',
    mayImport: [
      ...shared,
      '^src/(query|telemetry)/',
      '^src/store/(parts|occurrences|partitions|part-filter|value-filter|bucket)\\.ts$',
    ],
  },
  client: { path: '^src/client/', mayImport: [...shared, '^src/client/'] },
  server: {
    path: '^src/server/',
    mayImport: [...shared, '^src/(server|store|query|config|telemetry)/', '^src/version\\.ts$'],
  },
  index: {
    path: '^src/index\\.ts$',
    mayImport: [...shared, '^src/(server|store|query|config|telemetry|client)/'],
  },
  admin: { path: '^src/admin/', mayImport: [...shared, '^src/(admin|server|config|telemetry)/'] },
  // `repair` and `restore` work on a data directory that no server can open; `put` and `get` convert files with an engine of
  // their own, or none.
  cli: {
    path: '^src/cli/',
    mayImport: [
      ...shared,
      '^src/(cli|server|client|query|config|telemetry)/',
      '^src/(index|version|store/(repair|restore|exact-rows))\\.ts$',
    ],
  },
}

/** One adapter for each third-party package: changing or replacing it then touches one place. */
const adapters = {
  'parquet-wasm': '^src/store/parquet/',
  '@duckdb/': '^src/query/duckdb\\.ts$',
  '@msgpack/': '^src/server/airport/messages\\.ts$',
  zstddec: '^src/zstd\\.ts$',
  'lru-cache': '^src/store/cache/',
  libsql: '^src/store/catalog/database\\.ts$',
  '@grpc/grpc-js': '^src/(server|client)/',
  pino: '^src/telemetry/log\\.ts$',
  zod: '^src/(config/|server/|store/(options|rollup-definition)\\.ts$)',
  'smol-toml': '^src/config/',
  commander: '^src/cli/',
  'cli-progress': '^src/cli/',
  flatbuffers: '^flight/',
  protobufjs: '^flight/',
  'apache-arrow': '^src/cli/',
}

/** Anchored on both sides, so that `pino` is not `pino-pretty`; a scope such as `@duckdb/` takes all its packages. */
function packagePath(name) {
  return `(^|/)node_modules/(@types/)?${name}${name.endsWith('/') ? '' : '(/|$)'}`
}

const layerRules = Object.entries(layers).map(([name, { path, mayImport }]) => ({
  name: `layer-${name}`,
  severity: 'error',
  from: { path },
  to: {
    path: '^(flight|src|test|bench|scripts|examples)/',
    ...(mayImport.length > 0 && { pathNot: mayImport }),
  },
}))

const adapterRules = Object.entries(adapters).map(([name, folder]) => ({
  name: `adapter-${name}`,
  severity: 'error',
  from: { path: '^(src|flight)/', pathNot: folder },
  to: { path: packagePath(name) },
}))

module.exports = {
  forbidden: [
    ...layerRules,
    ...adapterRules,
    {
      name: 'layer-unknown',
      comment: 'A new file or folder in src needs a layer above.',
      severity: 'error',
      from: { path: '^src/', pathNot: Object.values(layers).map((layer) => layer.path) },
      to: {},
    },
    {
      name: 'flight-is-pure',
      comment: 'The wire knows no disk, sockets or clock.',
      severity: 'error',
      from: { path: '^flight/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|util|assert)$' },
    },
    {
      name: 'no-grpc-below-the-server',
      comment: 'store and query can be used and tested without a server.',
      severity: 'error',
      from: { path: '^src/(store|query)/' },
      to: { path: '^flight/(service|codec/messages|codec/any)\\.ts$' },
    },
    {
      name: 'handlers-hold-no-path',
      comment: 'A handler decodes, authorises, calls store or query, and encodes.',
      severity: 'error',
      from: { path: '^src/server/(handlers|actions|airport|sql)/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|path|child_process|os|worker_threads)(/|$)' },
    },
    {
      name: 'handlers-hold-no-sql-and-no-parquet',
      comment: 'A handler reaches the store by its one door and SQL by the engine.',
      severity: 'error',
      from: { path: '^src/server/(handlers|actions|airport|sql)/' },
      to: { path: '^src/(store/(cache|catalog|disk|lifecycle|log|parquet)/|query/duckdb\\.ts$)' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      comment: 'Examples import the package by its name, which resolves once it is built.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^sterna(/|$)' },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-package-at-run-time',
      severity: 'error',
      from: { path: '^(src|flight)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
