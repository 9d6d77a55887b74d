import fc from 'fast-check'
import { bytesOfBase64url } from './base64url'

test('gives back the bytes that node wrote', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect([...bytesOfBase64url(Buffer.from(bytes).toString('base64url'))]).toEqual([...bytes])
    }),
  )
})
