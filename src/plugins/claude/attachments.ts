import type {DocumentBlockParam, ImageBlockParam} from '@anthropic-ai/sdk/resources/messages'
import type {Attachment} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import {isTextType} from '../../core/providers/text-attachment.js'

export type {Attachment} from '../../core/providers/provider.js'

type ImageType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'

const IMAGES: readonly string[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] satisfies ImageType[]

/** An image, a PDF or a text as the API takes it. Throws `usage` for any other file. */
export function toAttachment({name, mediaType, data}: Attachment): ImageBlockParam | DocumentBlockParam {
  if (isTextType(mediaType)) {
    return {type: 'document', title: name, source: {type: 'text', media_type: 'text/plain', data: Buffer.from(data).toString('utf8')}}
  }
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
  if (IMAGES.includes(mediaType)) return {type: 'image', source: {type: 'base64', media_type: mediaType as ImageType, data: base64}}
  if (mediaType === 'application/pdf') return {type: 'document', title: name, source: {type: 'base64', media_type: mediaType, data: base64}}
  const hint = 'It takes JPEG, PNG, GIF, WebP, PDF and text.'
  throw new ProviderError('usage', `Claude takes no files of the type ${mediaType}: ${name}`, {code: 'REQUEST_INVALID', hint})
}
