import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { BROWSER_FLAGS, findBrowser } from '../support/browser'
import { PROJECT } from '../support/project'
import { smallPng } from './small-png'

/** What the phone sends along (WeChat shows 5:4), and how a chat shows it. */
const PICTURE = join(PROJECT, 'miniapp/src/share/invite.png')
const CARD = join(PROJECT, 'docs/share-card.png')
const TITLE = '请你来喝第一盏'

const bowl = `
<ellipse cx="60" cy="104" rx="44" ry="5.6" fill="#0d2a21" opacity=".08"/><ellipse cx="60" cy="104" rx="30" ry="3.4" fill="#0d2a21" opacity=".12"/>
<path d="M14 46C14 76 30 94 46 98V104H74V98C90 94 106 76 106 46Z" fill="url(#side)"/>
<path d="M20 60C24 78 34 89 45 94" fill="none" stroke="#fff" stroke-opacity=".62" stroke-width="2.6" stroke-linecap="round"/>
<ellipse cx="60" cy="46" rx="46" ry="9.4" fill="#fff"/><ellipse cx="60" cy="46.6" rx="41" ry="7.2" fill="url(#tea)"/>
<ellipse cx="48" cy="44.6" rx="15" ry="2.2" fill="#fff" opacity=".38"/>`

const steam = [
  ['M44 30C38 22 50 15 43 4', 3],
  ['M60 27C68 17 52 9 61 -6', 4],
  ['M76 30C71 22 82 16 77 7', 3],
].map(
  ([path, width]) =>
    `<path d="${path}" fill="none" stroke="url(#steam)" stroke-width="${width}" stroke-linecap="round"/>`,
)

const gradient = (id: string, more: string, stops: [number, string, number?][]) =>
  `<linearGradient id="${id}" ${more}>${stops
    .map(([at, colour, opacity = 1]) => `<stop offset="${at}" stop-color="${colour}" stop-opacity="${opacity}"/>`)
    .join('')}</linearGradient>`

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="500" height="400" viewBox="0 0 500 400"><defs>
${gradient('glaze', 'x1="0" y1="0" x2="1" y2="1"', [
  [0, '#f3f9f6'],
  [0.45, '#c9e1d6'],
  [1, '#82b5a1'],
])}
${gradient('side', 'x1="0" y1="0" x2="1" y2="1"', [
  [0, '#ffffff'],
  [0.55, '#d8e9e0'],
  [1, '#76a695'],
])}
${gradient('tea', 'x1="0" y1="0" x2="0" y2="1"', [
  [0, '#c98748'],
  [1, '#8f4f1d'],
])}
${gradient('steam', 'gradientUnits="userSpaceOnUse" x1="0" y1="32" x2="0" y2="-6"', [
  [0, '#fff', 0],
  [0.4, '#fff', 0.85],
  [1, '#fff', 0],
])}
</defs><rect width="500" height="400" fill="url(#glaze)"/>
<g transform="translate(214 78) scale(2.35)">${steam.join('')}${bowl}</g>
<g transform="translate(40 40) scale(1.15)" fill="#0f2e25"><rect x="3" y="5.5" width="26" height="2"/><path d="M6 11H26C26 17 23.4 21.2 19.4 23.2V27H12.6V23.2C8.6 21.2 6 17 6 11Z"/></g>
<g fill="#0f2e25" font-family="'PingFang SC','Noto Sans CJK SC',sans-serif">
<text x="84" y="66" font-size="24" font-weight="600" letter-spacing="4">一盏</text>
<text x="40" y="250" font-size="44" font-weight="600" letter-spacing="3">请你喝</text><text x="40" y="312" font-size="58" font-weight="700" letter-spacing="3">第一盏</text>
<text x="42" y="356" font-size="20" opacity=".72" letter-spacing="1">现泡的茶，慢慢喝</text></g></svg>`

async function pictureOf(browser: Browser, html: string, size: { width: number; height: number }, scale: number) {
  const page = await browser.newPage({ viewport: size, deviceScaleFactor: scale })
  await page.setContent(`<style>body{margin:0}</style>${html}`)
  const png = await page.screenshot()
  await page.close()
  return smallPng(png)
}

/** A bubble of a chat in WeChat: the brand, the title, the picture, the mark of mini-programs. */
const bubble = (picture: Buffer) => `
<style>.chat{width:390px;height:420px;background:#ededed;font:15px 'PingFang SC','Noto Sans CJK SC',sans-serif;color:#191919}
.card{position:absolute;left:64px;top:36px;width:250px;background:#fff;border-radius:8px;overflow:hidden;padding:12px}
.who{font-size:12px;color:#7a7a7a;margin-bottom:6px}.title{font-size:17px;margin-bottom:10px}
img{width:250px;height:200px;display:block;border-radius:4px}.foot{font-size:11px;color:#7a7a7a;border-top:1px solid #eee;margin-top:10px;padding-top:6px}
.face{position:absolute;left:14px;top:36px;width:40px;height:40px;border-radius:6px;background:#86b8a5;color:#0f2e25;text-align:center;line-height:40px}</style>
<div class="chat"><div class="face">梅</div><div class="card"><div class="who">一盏</div><div class="title">${TITLE}</div>
<img src="data:image/png;base64,${picture.toString('base64')}"><div class="foot">小程序</div></div></div>`

/** Draws the picture of the share card anew, say in another brand's colours, and shows what a chat makes of it. */
async function main(): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? (await findBrowser()),
    args: BROWSER_FLAGS,
  })
  const picture = await pictureOf(browser, SVG, { width: 500, height: 400 }, 1)
  writeFileSync(PICTURE, picture)
  writeFileSync(CARD, await pictureOf(browser, bubble(picture), { width: 390, height: 420 }, 2))
  await browser.close()
  console.log(`${PICTURE} (${picture.length} bytes)`)
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
