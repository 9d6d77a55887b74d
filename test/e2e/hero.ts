import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { ALBUM } from './studio'

const PHONES = ['home-light', 'code-light', 'statement-light', 'home-dark']
const COUNTER = 'counter-ring-1024'

const picture = (name: string): string =>
  `data:image/png;base64,${readFileSync(join(ALBUM, `${name}.png`)).toString('base64')}`

const STYLE = `
body { margin: 0; padding: 56px 0; width: 1600px; background: linear-gradient(160deg, #eef2ee, #dbe6df); }
.phones { display: flex; justify-content: center; gap: 36px; }
.phone { width: 300px; height: 650px; border: 9px solid #16201c; border-radius: 44px; overflow: hidden; background: #16201c;
  box-shadow: 0 30px 60px -20px rgba(12, 40, 32, 0.45); }
.phone img { display: block; width: 300px; height: 650px; object-fit: cover; object-position: top; border-radius: 35px; }
.till { width: 1308px; margin: 56px auto 0; border: 11px solid #16201c; border-radius: 28px; overflow: hidden;
  box-shadow: 0 30px 60px -20px rgba(12, 40, 32, 0.45); }
.till img { display: block; width: 1308px; }
`

/** Puts the best pictures side by side into hero.png. */
export async function composeHero(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  const phones = PHONES.map((name) => `<div class="phone"><img src="${picture(name)}"></div>`).join('')
  const till = `<div class="till"><img src="${picture(COUNTER)}"></div>`
  await page.setContent(`<style>${STYLE}</style><div class="phones">${phones}</div>${till}`)
  await page.waitForFunction(() => [...document.images].every((one) => one.complete))
  writeFileSync(join(ALBUM, 'hero.png'), await page.screenshot({ fullPage: true }))
  await page.close()
}
