import type {WireDialect} from './wire.js'

/** How images go to a service that takes no other files: of these types, as data URLs. */
export function imagesOnly(types: RegExp = /^image\//): NonNullable<WireDialect['toPart']> {
  return ({mediaType}, dataUrl) => (types.test(mediaType) ? {type: 'image_url', image_url: {url: dataUrl}} : undefined)
}
