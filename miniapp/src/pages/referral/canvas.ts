import { type Drawing, type DrawnOn, paintOffPage, paintOnPage } from '../../lib/canvas'
import { drawPoster, HEIGHT, type PosterWords, SCALE, WIDTH } from './draw-poster'

const posterOf = (words: PosterWords, source: string): Drawing => ({
  ...{ width: WIDTH, height: HEIGHT, scale: SCALE, source },
  draw: (pen, code) => code && drawPoster(pen, words, code),
})

/** Paints on the page's own canvas. */
export const paintInWeapp = (id: string, words: PosterWords, source: string): Promise<DrawnOn> =>
  paintOnPage(id, posterOf(words, source))

/** Paints off the page and gives a picture, which a browser lets people press long and save. */
export const paintInBrowser = (words: PosterWords, source: string): Promise<string> =>
  paintOffPage(posterOf(words, source))
