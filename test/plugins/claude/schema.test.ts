import {describe, expect, it} from '@jest/globals'
import {toOutputSchema} from '../../../src/plugins/claude/schema.js'

const TEXT = {type: 'string'}

/** An object with one property of that schema, and what becomes of that. */
function convert(property: object, others: object = {}): unknown {
  const converted = toOutputSchema({type: 'object', properties: {x: property}, required: ['x'], ...others})
  return (converted?.properties as {x: unknown} | undefined)?.x
}

describe('a schema that Claude can be held to', () => {
  it('is sent as it is, its objects closed', () => {
    const city = {type: 'object', title: 'City', description: 'a city', properties: {name: TEXT}, required: ['name'], additionalProperties: false}
    const schema = {type: 'object', properties: {cities: {type: 'array', items: city, minItems: 1}, kind: {enum: ['a', null]}}, required: ['cities']}
    expect(toOutputSchema(schema)).toEqual({...schema, additionalProperties: false})
    expect(toOutputSchema({type: 'object', additionalProperties: false})).toEqual({type: 'object', properties: {}, additionalProperties: false})
  })

  it('has told in words what Claude cannot be held to', () => {
    expect(convert({type: 'integer', description: 'years', minimum: 0, maximum: 150})).toEqual({
      type: 'integer',
      description: 'years (minimum: 0, maximum: 150)',
    })
    expect(convert({type: 'string', format: 'email', pattern: '@'})).toEqual({type: 'string', format: 'email', description: '(pattern: "@")'})
    expect(convert({type: 'string', format: 'color'})).toEqual({type: 'string', description: '(format: "color")'})
    expect(convert({type: 'array', items: TEXT, minItems: 2})).toEqual({type: 'array', items: TEXT, description: '(minItems: 2)'})
  })

  it('has any one of several for one of several', () => {
    expect(convert({oneOf: [TEXT, {type: 'null'}]})).toEqual({anyOf: [TEXT, {type: 'null'}]})
  })

  it('has what it refers to in its place', () => {
    const $defs = {city: {type: 'object', properties: {name: {$ref: '#/$defs/a~1b'}}, required: ['name']}, 'a/b': TEXT}
    const city = {type: 'object', properties: {name: TEXT}, required: ['name'], additionalProperties: false}
    const converted = toOutputSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {from: {$ref: '#/$defs/city'}, to: {$ref: '#/$defs/city', description: 'where to'}},
      required: ['from', 'to'],
      $defs,
    })
    const properties = {from: city, to: {...city, description: 'where to'}}
    expect(converted).toEqual({type: 'object', properties, required: ['from', 'to'], additionalProperties: false})
  })
})

describe('a schema that Claude cannot be held to', () => {
  const NODE = {type: 'object', properties: {next: {$ref: '#/$defs/node'}}}
  const many = Object.fromEntries(Array.from({length: 13}, (_, number) => [`p${number}`, TEXT]))
  const doubling = Object.fromEntries(
    Array.from({length: 30}, (_, n) => [`d${n}`, {type: 'array', items: {anyOf: [{$ref: `#/$defs/d${n + 1}`}, {$ref: `#/$defs/d${n + 1}`}]}}]),
  )

  it.each<[string, object, object?]>([
    ['is recursive', {$ref: '#/$defs/node'}, {$defs: {node: NODE}}],
    ['contains itself', {$ref: '#'}],
    ['refers to another document', {$ref: 'https://example.com/city.json'}],
    ['refers to nothing', {$ref: '#/$defs/city'}],
    ['has an object that is filled freely', {type: 'object'}],
    ['has an object of any such values', {type: 'object', additionalProperties: TEXT}],
    ['has an object with names of a pattern', {type: 'object', properties: {}, patternProperties: {'^x': TEXT}}],
    ['has too much that may be left out', {type: 'object', properties: many}],
    ['allows anything', {}],
    ['allows anything in a list', {type: 'array', items: true}],
    ['has objects to choose from', {enum: [{a: 1}]}],
    ['would not end', {$ref: '#/$defs/d0'}, {$defs: {...doubling, d30: TEXT}}],
  ])('%s', (_, property, others = {}) => {
    expect(convert(property, others)).toBeUndefined()
  })

  it('is not one of an object', () => {
    expect(toOutputSchema({type: 'array', items: TEXT})).toBeUndefined()
  })
})
