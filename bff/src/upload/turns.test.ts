import { PassThrough } from 'node:stream'
import { refusalOf } from '../../../test/support/refusals'
import { receiveFile } from './receive-file'
import { turns } from './turns'

test('turns: so many at once and of one owner, in order, and the next one when somebody failed', async () => {
  const line = turns({ most: 3, mostEach: 2, mostWaiting: 4 })
  const open: Record<string, () => void> = {}
  const began: string[] = []
  const ask = (owner: string, name: string) =>
    line.run(owner, async () => {
      began.push(name)
      await new Promise<void>((done, failed) => {
        open[name] = name.endsWith('!') ? () => failed(new Error(name)) : done
      })
    })
  const all = Promise.allSettled([
    ask('a', 'a1!'),
    ask('a', 'a2'),
    ask('a', 'a3'),
    ask('a', 'a4'),
    ask('b', 'b1'),
    ask('b', 'b2'),
  ])
  expect(began).toEqual(['a1!', 'a2', 'b1'])
  const fifth = Promise.allSettled([ask('c', 'c1')])
  await refusalOf(ask('c', 'c2'), 'TOO_MANY')
  const step = async (name: string) => {
    open[name]?.()
    await new Promise(setImmediate)
  }
  for (const name of ['b1', 'a1!', 'a2', 'b2', 'a3', 'a4', 'c1']) await step(name)
  expect(began).toEqual(['a1!', 'a2', 'b1', 'b2', 'a3', 'a4', 'c1'])
  const ended = [...(await all), ...(await fifth)].map(({ status }) => status[0])
  expect(ended.join('')).toBe('rffffff')
})

test('whoever gave up before their turn came is not waited for', async () => {
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const request = Object.assign(new PassThrough(), { headers, complete: false })
  request.destroy()
  const started = performance.now()
  await expect(receiveFile(request as never, { mostBytes: 1_000 })).rejects.toMatchObject({ message: 'UPLOAD_BROKEN' })
  // far below the time that a silent phone is given
  expect(performance.now() - started).toBeLessThan(10_000)
})
