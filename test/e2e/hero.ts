import type { Browser } from 'playwright-core'

const STYLE = `
body { margin: 0; padding: 56px 0; width: 1600px; background: linear-gradient(160deg, #eef2ee, #dbe6df); }
.phones { display: flex; justify-content: center; gap: 36px; }
.phone, .till { border: 9px solid #16201c; background: #16201c; box-shadow: 0 30px 60px -20px rgba(12, 40, 32, 0.45); }
.phone { border-radius: 44px; }
.phone img { display: block; width: 300px; height: 649px; border-radius: 35px; }
.till { width: 1020px; margin: 52px auto 0; border-width: 11px; border-radius: 28px; overflow: hidden; }
.till img { display: block; width: 1020px; }
`

/** Phones side by side over a till, as one PNG. */
export async function composeHero(browser: Browser, phones: Buffer[], till: Buffer): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  const image = (png: Buffer) => `<img src="data:image/png;base64,${png.toString('base64')}">`
  const row = phones.map((png) => `<div class="phone">${image(png)}</div>`).join('')
  await page.setContent(`<style>${STYLE}</style><div class="phones">${row}</div><div class="till">${image(till)}</div>`)
  await page.waitForFunction(() => [...document.images].every((one) => one.complete))
  const png = await page.screenshot({ fullPage: true })
  await page.close()
  return png
}
