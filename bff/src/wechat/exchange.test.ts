import { readAnswer } from './exchange'

const bytes = (text: string) => new TextEncoder().encode(text)

test('JSON is known by its first byte, whatever the content type says', () => {
  expect(readAnswer(bytes('{"a":1}'), 'text/plain')).toEqual({ kind: 'json', value: { a: 1 } })
  expect(readAnswer(bytes('{"errcode":41030}'), 'image/jpeg')).toEqual({ kind: 'json', value: { errcode: 41030 } })
})

test('a picture is known by its type', () => {
  const picture = new Uint8Array([0xff, 0xd8, 0xff])
  expect(readAnswer(picture, 'image/jpeg')).toEqual({ kind: 'binary', bytes: picture, contentType: 'image/jpeg' })
})

test.each(['', 'ok', '{"a":', '<html>'])('%p is neither', (text) => {
  expect(readAnswer(bytes(text), 'application/json')).toBeNull()
})
