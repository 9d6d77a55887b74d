import { mentionsIn } from './mentions'

const slash = '/'

test.each([
  ['a machine path', `cd ${slash}work${slash}main`],
  ['a home folder', `open '${slash}home${slash}somebody${slash}project'`],
  ['a folder outside', `see ..${slash}shared${slash}design${slash}product.md`],
  ['a registry', `tarball from https:${slash}${slash}registry.${'npmjs'}.org/x`],
])('%s is found, with its place', (_what, line) => {
  expect(mentionsIn('a.md', `fine\n${line}`)).toEqual([expect.stringMatching(/^a\.md:2 /)])
})

test.each([
  ["import { tier } from '../shared/src/tier'"],
  ['"files": ["../../shared/src"]'],
  ['the workshop is at work/main'],
  ['https://developers.weixin.qq.com/home/page'],
])('%s is no foreign mention', (line) => {
  expect(mentionsIn('a.ts', line)).toEqual([])
})
