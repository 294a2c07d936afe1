// Goal: whoever has a name and a password gets in by every way that drivers know, over TLS, and nobody else does.
// Method: the real server with a users' file made by the command line; pyarrow, ADBC, the Node client and the command
// line as its callers.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer, FlightClient } from '../../src/index.ts'
import { runChecks } from '../support/python-checks.ts'
import { projectRoot } from '../support/project-root.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const certificate = join(projectRoot, 'test/support/tls/server.crt')
const key = join(projectRoot, 'test/support/tls/server.key')
const otherKey = join(projectRoot, 'test/support/tls/other.key')
const TLS = ['--tls-cert', certificate, '--tls-key', key]
const PASSWORD = 'correct horse: battery ☃'

let folder: string
let usersFile: string

before(async () => {
  folder = await temporaryDirectory()
  usersFile = join(folder, 'not', 'yet', 'users')
  assert.equal((await sterna(['user', 'add', 'alice', '--users-file', usersFile], `${PASSWORD}\n`)).code, 0)
})

after(async () => {
  await rm(folder, { recursive: true })
})

test('pyarrow and ADBC get in with a password or a token, and not without', async (t) => {
  await withServer(
    async ({ url }) => {
      assert.match(url, /^grpc\+tls:/)
      await runChecks(t, 'test/interop/access_checks.py', [url, certificate])
    },
    { args: TLS, env: { STERNA_USERS_FILE: usersFile } },
  )
})

test('the Node client and the command line log in', async () => {
  await withServer(
    async ({ url }) => {
      const login = { user: 'alice', password: PASSWORD }
      const client = new FlightClient(url, { tlsRootCertificates: await readFile(certificate), login })
      const answers: unknown[] = []
      for await (const body of client.action('health')) answers.push(JSON.parse(Buffer.from(body).toString()))
      client.close()
      assert.equal((answers[0] as { status: string }).status, 'serving')
      const args = ['ls', '--server', url, '--tls-ca', certificate]
      assert.equal((await sterna([...args, '--user', 'alice'], `${PASSWORD}\n`)).code, 0)
      const refused = await sterna([...args, '--user', 'alice'], 'wrong\n')
      assert.equal(refused.code, 1)
      assert.equal(refused.error, 'sterna: User name or password is wrong [UNAUTHENTICATED]\n')
      assert.match((await sterna(args)).error, /send a user name and password.* \[UNAUTHENTICATED\]\n$/)
    },
    { args: TLS, env: { STERNA_USERS_FILE: usersFile } },
  )
})

test('users come and go while the server runs', async () => {
  const file = join(folder, 'changing')
  await sterna(['user', 'add', 'bob', '--users-file', file], 'secret\n')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  await withServer(
    async ({ url }) => {
      const callAs = (user: string, password: string): Promise<string> => outcome(url, { user, password })
      assert.equal(await callAs('bob', 'secret'), 'in')
      assert.equal(await callAs('carol', 'hers'), 'UNAUTHENTICATED')
      await sterna(['user', 'add', 'carol', '--users-file', file], 'hers\n')
      await sterna(['user', 'add', 'bob', '--users-file', file], 'changed\n')
      await eventuallyEqual(() => callAs('carol', 'hers'), 'in')
      await eventuallyEqual(() => callAs('bob', 'secret'), 'UNAUTHENTICATED')
      assert.equal(await callAs('bob', 'changed'), 'in')
      assert.equal((await sterna(['user', 'ls', '--users-file', file])).output, 'bob\ncarol\n')
      assert.equal((await sterna(['user', 'remove', 'bob', '--users-file', file])).code, 0)
      await eventuallyEqual(() => callAs('bob', 'changed'), 'UNAUTHENTICATED')
      assert.equal((await sterna(['user', 'remove', 'bob', '--users-file', file])).code, 2)
      await rm(file)
      await eventuallyEqual(() => callAs('carol', 'hers'), 'UNAUTHENTICATED')
    },
    { env: { STERNA_USERS_FILE: file } },
  )
})

test('without users the server is open on loopback, says so, and does not start elsewhere', async () => {
  const dataDir = join(folder, 'open')
  const onLoopback = await startServer({ dataDir })
  assert.equal(await onLoopback.stop(), 0)
  assert.match(onLoopback.log(), /server\.open_to_anyone/)
  await assert.rejects(createServer({ host: '0.0.0.0', port: 0, dataDir }), {
    code: 'CONFIG_INVALID',
    message: /^Without users anyone who reaches 0\.0\.0\.0 could read and write/,
  })
  const env = { STERNA_ALLOW_ANONYMOUS: 'true' }
  const server = await startServer({ dataDir, args: ['--host', '0.0.0.0'], env })
  assert.equal(await server.stop(), 0)
})

test('a server does not start with TLS or user files that it cannot use', async () => {
  const dataDir = join(folder, 'unused')
  const refusals: readonly [object, RegExp][] = [
    [{ tls: { cert: certificate } }, /tls\.key is missing/],
    [{ tls: { cert: join(folder, 'none.crt'), key } }, /none\.crt cannot be read \(ENOENT\)/],
    [{ tls: { cert: key, key } }, /server\.key is no certificate chain/],
    [{ tls: { cert: certificate, key: certificate } }, /server\.crt is no private key/],
    [{ tls: { cert: certificate, key: otherKey } }, /other\.key is not the key of the certificate/],
    [{ usersFile: certificate }, /Line 1 of .*server\.crt is not of the form name:hash/],
    [{ usersFile: folder }, /cannot be read \(EISDIR\)/],
  ]
  for (const [flags, message] of refusals) {
    const expected = { code: 'CONFIG_INVALID', message }
    await assert.rejects(createServer({ port: 0, dataDir, ...flags }), expected, String(message))
  }
})

test('a name or a password that cannot be one is refused', async () => {
  for (const name of [' x', 'a:b', 'a\nb', 'x'.repeat(101)]) {
    const { code, error } = await sterna(['user', 'add', name, '--users-file', usersFile], 'x\n')
    assert.equal(code, 1, name)
    assert.match(error, /is no name for a user/)
  }
  const { error } = await sterna(['user', 'add', 'dora', '--users-file', usersFile], '\n')
  assert.match(error, /A password has 1 to 1024 bytes, this one has 0 \[CONFIG_INVALID\]/)
  assert.equal((await sterna(['user', 'add', 'dora', '--users-file', usersFile])).code, 2)
})

/** `in`, or the code of the error that a call ends with. */
async function outcome(url: string, login: { user: string; password: string }): Promise<string> {
  const client = new FlightClient(url, { login })
  try {
    for await (const body of client.action('version')) assert.ok(body.length > 0)
    return 'in'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    client.close()
  }
}

interface CommandOutcome {
  readonly code: number | null
  readonly output: string
  readonly error: string
}

/** Runs the command line. @param input - its standard input */
async function sterna(args: readonly string[], input = ''): Promise<CommandOutcome> {
  const child = spawn(join(projectRoot, 'bin', 'sterna'), args, { cwd: folder })
  let output = ''
  let error = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  await once(child, 'close')
  return { code: child.exitCode, output, error }
}

/** The users' file is looked at once a second. */
async function eventuallyEqual(call: () => Promise<string>, expected: string): Promise<void> {
  const endMs = Date.now() + 10_000
  for (let answer = await call(); answer !== expected; answer = await call()) {
    assert.ok(Date.now() < endMs, `${answer}, expected ${expected}`)
    await delay(100)
  }
}
