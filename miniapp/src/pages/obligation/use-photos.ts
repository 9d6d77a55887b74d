import Taro from '@tarojs/taro'
import { useEffect, useReducer, useRef } from 'react'
import { faultOf } from '../../lib/api'
import { newId } from '../../lib/id'
import { choosePictures, sendPicture } from '../../lib/upload'
import { type Photo, type PhotoEvent, photosAfter } from './photos'

/** WeChat is handed a step of a bar this often, not each packet. */
const STEP = 0.1

export interface Photos {
  photos: Photo[]
  add(most: number): Promise<void>
  again(photo: Photo): void
  remove(photo: Photo): void
}

/** Pictures that are sent as soon as they are chosen, so that handing in waits for nothing. */
export function usePhotos(): Photos {
  const [photos, tell] = useReducer(photosAfter, [])
  const left = useRef(false)
  useEffect(() => {
    left.current = false
    return () => {
      left.current = true
    }
  }, [])
  const say = (event: PhotoEvent) => {
    if (!left.current) tell(event)
  }
  const send = async ({ key, path, bytes }: Pick<Photo, 'key' | 'path' | 'bytes'>) => {
    let told = 0
    try {
      const { uploadId, state } = await sendPicture({ path, bytes }, (progress) => {
        if (progress - told < STEP) return
        told = progress
        say({ kind: 'progress', key, progress })
      })
      // the same picture was sent and found wanting before
      if (state === 'refused') say({ kind: 'failed', key, fault: { code: 'CONTENT_REFUSED', detail: {} } })
      else say({ kind: 'sent', key, uploadId })
    } catch (error) {
      say({ kind: 'failed', key, fault: faultOf(error) })
    }
  }
  return {
    photos,
    async add(most) {
      const picked = await choosePictures(most).catch(() => {
        void Taro.showToast({ title: '没能打开相册，再试一次', icon: 'none', duration: 2_000 })
        return []
      })
      const chosen = picked.map((picture) => ({ key: newId(), ...picture }))
      if (chosen.length > 0) say({ kind: 'added', photos: chosen })
      // one after the other: a weak network then brings the first soon, not all late
      for (const photo of chosen) await send(photo)
    },
    again(photo) {
      say({ kind: 'again', key: photo.key })
      void send(photo)
    },
    remove: ({ key }) => say({ kind: 'removed', key }),
  }
}
