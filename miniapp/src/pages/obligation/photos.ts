import type { Trouble } from '../../lib/api'

/** A picture on its way to the server. */
export interface Photo {
  key: string
  /** Where it lies on the phone. */
  path: string
  bytes: number
  state: 'sending' | 'sent' | 'failed'
  /** 0 to 1. */
  progress: number
  uploadId?: string
  fault?: Trouble
}

export type PhotoEvent =
  | { kind: 'added'; photos: Pick<Photo, 'key' | 'path' | 'bytes'>[] }
  | { kind: 'progress'; key: string; progress: number }
  | { kind: 'sent'; key: string; uploadId: string }
  | { kind: 'failed'; key: string; fault: Trouble }
  | { kind: 'again'; key: string }
  | { kind: 'removed'; key: string }

/** The pictures after something happened to one of them; what was taken away comes back by no late answer. */
export function photosAfter(photos: Photo[], event: PhotoEvent): Photo[] {
  if (event.kind === 'added')
    return [...photos, ...event.photos.map((one): Photo => ({ ...one, state: 'sending', progress: 0 }))]
  if (event.kind === 'removed') return photos.filter(({ key }) => key !== event.key)
  return photos.map((one) => (one.key === event.key ? changed(one, event) : one))
}

function changed(photo: Photo, event: Exclude<PhotoEvent, { kind: 'added' | 'removed' }>): Photo {
  const { fault: _, ...rest } = photo
  switch (event.kind) {
    case 'progress':
      return photo.state === 'sending' ? { ...photo, progress: Math.max(photo.progress, event.progress) } : photo
    case 'sent':
      return { ...rest, state: 'sent', progress: 1, uploadId: event.uploadId }
    case 'failed':
      return { ...rest, state: 'failed', fault: event.fault }
    case 'again':
      return { ...rest, state: 'sending', progress: 0 }
  }
}
