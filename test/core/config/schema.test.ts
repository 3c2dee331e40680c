import {describe, expect, it} from '@jest/globals'
import {Ajv} from 'ajv'
import {fillDefaults} from '../../../src/core/config/merge-layers.js'
import {configSchema} from '../../../src/core/config/schema.js'
import type {SchemaNode} from '../../../src/core/config/schema-nodes.js'
import {validateValue} from '../../../src/core/config/validate-value.js'
import {makeConfigFolders} from '../../fixtures/config-folders.js'

const WORKERS = {
  workers: {
    enabled: true,
    pool: {
      'worker-node-1': {
        host: '192.168.1.100',
        port: 22,
        username: 'helix',
        key_path: '~/.ssh/id_rsa',
        capabilities: ['llm-inference', 'code-generation', 'testing'],
      },
      'worker-node-2': {host: '192.168.1.101', port: 22, username: 'helix', key_path: '~/.ssh/id_rsa', capabilities: ['model-training', 'data-processing']},
    },
    auto_install: true,
    health_check_interval: 30,
    max_concurrent_tasks: 10,
  },
}

const CLIENTS = {
  clients: {
    terminal_ui: {enabled: true, theme: 'default', layout: 'standard'},
    rest_api: {enabled: true, port: 8080, cors: {allowed_origins: ['*'], allowed_methods: ['GET', 'POST', 'PUT', 'DELETE']}},
    mobile: {enabled: true, platforms: ['ios', 'android'], push_notifications: true},
    cli: {enabled: true, output_format: 'text', auto_complete: true},
  },
}

describe('the schema of helix.json', () => {
  it.each([
    ['a pool of workers', WORKERS],
    ['all clients', CLIENTS],
    ['both', {...WORKERS, ...CLIENTS}],
  ])('takes a file with %s unchanged', async (_, document) => {
    const folders = makeConfigFolders()
    folders.writeUser('helix.json', document)
    expect((await folders.load()).values).toMatchObject(document)
  })

  it('describes every setting', () => {
    const undescribed = nodesOf(configSchema).filter(({node, path}) => path !== '' && !path.endsWith('[]') && !node.description)
    expect(undescribed.map(({path}) => path)).toEqual([])
  })

  it('has defaults that it accepts itself', () => {
    expect(validateValue(fillDefaults({workers: {pool: {a: {host: 'a'}}}}, configSchema), configSchema)).toEqual([])
  })

  it('uses no keyword that the validation does not know', () => {
    const known = ['$schema', 'title', 'type', 'description', 'default', 'enum', 'pattern', 'minLength', 'minimum', 'maximum', 'items', 'properties']
    known.push('required', 'propertyNames', 'additionalProperties')
    expect(nodesOf(configSchema).flatMap(({node}) => Object.keys(node).filter((key) => !known.includes(key)))).toEqual([])
  })
})

describe('validation', () => {
  const isValid = new Ajv({strict: false}).compile(configSchema)
  const pool = (worker: unknown, name = 'gpu-1') => ({workers: {pool: {[name]: worker}}})
  const documents: unknown[] = [
    {},
    [],
    null,
    'text',
    WORKERS,
    CLIENTS,
    {unknown: 1},
    {ui: {theme: 'dark'}},
    {workers: []},
    {workers: null},
    {workers: {enabled: 'true'}},
    ...[9, 10, 300, 301, 10.5, '30', Number.NaN, Number.POSITIVE_INFINITY].map((health_check_interval) => ({workers: {health_check_interval}})),
    ...[0, 1, 100, 101, -1].map((max_concurrent_tasks) => ({workers: {max_concurrent_tasks}})),
    ...[0, 1, 65_535, 65_536].map((port) => pool({host: 'a', port})),
    ...['a', '1.2.3.4', '::1', 'fe80::1%eth0', 'münchen.example', '-oProxyCommand=x', 'a b', 'a;b', '$(x)', '', 'a\nb'].map((host) => pool({host})),
    ...['helix', 'DOMAIN.x@y', '-l', 'a b', '`x`', ''].map((username) => pool({host: 'a', username})),
    ...['env:GPU_PW', 'keyring:gpu', 'hunter2', 'env:', 'env:1', 'keyring:', 'keyring:a b', ''].map((password) => pool({host: 'a', password})),
    ...['a', 'a.b', 'local', 'locale', '', '-a', 'a/b', 'a'.repeat(64)].map((name) => pool({host: 'a'}, name)),
    ...[0, 1, 1.5].map((slots) => pool({host: 'a', slots})),
    ...[['a'], [''], [1], 'a'].map((capabilities) => pool({host: 'a', capabilities})),
    ...[{a: 'b'}, {a: 1}, []].map((labels) => pool({host: 'a', labels})),
    pool({port: 22}),
    ...['text', 'xml', 1].map((output_format) => ({clients: {cli: {output_format}}})),
    ...[['GET'], ['get'], 'GET'].map((allowed_methods) => ({clients: {rest_api: {cors: {allowed_methods}}}})),
    ...['postgres://u:p@h/d', 'sqlite:///a', 'mysql://h', ''].map((url) => ({database: {url}})),
    ...['https://a', 'ftp://a'].map((base_url) => ({providers: {x: {base_url, anything: [{goes: 1}]}}})),
    ...['env:KEY', 'sk-123'].map((api_key) => ({providers: {x: {api_key}}})),
  ]

  it.each(documents.map((document) => [JSON.stringify(document), document]))('agrees with ajv on %s', (_, document) => {
    expect(validateValue(document, configSchema).length === 0).toBe(isValid(document))
  })

  it('finds all problems', () => {
    const problems = validateValue({workers: {enabled: 1, pool: {a: {}}}, wrokers: {}}, configSchema)
    expect(problems.map(({path, message}) => `${path.join('.')} ${message}`)).toEqual([
      'workers.enabled must be true or false, not a number',
      'workers.pool.a.host is missing',
      'wrokers is not a setting; did you mean workers?',
    ])
  })
})

function nodesOf(node: SchemaNode, path = ''): {path: string; node: SchemaNode}[] {
  const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) => nodesOf(child, `${path}.${key}`))
  const entries = typeof node.additionalProperties === 'object' ? nodesOf(node.additionalProperties, `${path}[]`) : []
  const items = node.items ? nodesOf(node.items, `${path}[]`) : []
  return [{path, node}, ...children, ...entries, ...items]
}
