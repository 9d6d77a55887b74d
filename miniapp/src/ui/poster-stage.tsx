import { Canvas, Image, Text, View } from '@tarojs/components'
import type { ReactNode } from 'react'
import type { Trouble } from '../lib/api'
import { platform } from '../lib/device'
import { back } from '../lib/nav'
import type { Painted } from '../lib/use-painted'
import { aria } from './aria'
import { Icon } from './icon'
import { FaultNote, SlowNote } from './states'
import { tapProps } from './tap'

interface StageWish {
  /** Of the canvas; its sheet is `<id>-sheet`, and `po-sheet--<id>` says how high it is. */
  id: string
  title: string
  /** What is seen on it, for who does not see it. */
  label: string
  /** Said while it is drawn: 正在画海报. */
  coming: string
  painted: Painted
  /** Null while what is drawn is not known yet; its fault and its wait are said here. */
  known: boolean
  fault: Trouble | null
  slow: boolean
  onRetry: () => void
  actions: ReactNode
}

/** A dark table with one drawn sheet on it, and what can be done with the sheet below. */
export function PosterStage({ title, known, fault, slow, onRetry, actions, ...sheet }: StageWish) {
  return (
    <View className="po-stage">
      {platform === 'h5' && (
        <View className="po-head">
          <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
            <Icon name="back" />
          </View>
          <Text className="hy-title">{title}</Text>
        </View>
      )}
      <View className="po-room">
        {known ? (
          <Sheet {...sheet} />
        ) : fault ? (
          <View className="po-fault">
            <FaultNote fault={fault} onRetry={onRetry} />
          </View>
        ) : (
          <Coming id={sheet.id} words={sheet.coming} slow={slow} />
        )}
      </View>
      {known && sheet.painted.state !== 'failed' && actions}
    </View>
  )
}

const Coming = ({ id, words, slow }: { id: string; words: string; slow: boolean }) => (
  <View className={`po-sheet po-sheet--${id} po-sheet--coming`} {...aria({ role: 'img', label: words })}>
    <Icon name="bowl" size="l" />
    <View className="hy-mt2">{words}</View>
    {slow && <SlowNote />}
  </View>
)

/** The drawn sheet: WeChat shows its canvas, a browser a picture that can be pressed long. */
function Sheet({ id, label, coming, painted }: Pick<StageWish, 'id' | 'label' | 'coming' | 'painted'>) {
  const failed = painted.state === 'failed'
  return (
    <>
      {failed && (
        <View className="po-fault">
          <FaultNote fault={{ code: 'UNKNOWN', detail: { rid: '' } }} onRetry={painted.again} />
        </View>
      )}
      {platform === 'weapp' ? (
        // stays while it failed: another try needs it
        <View id={`${id}-sheet`} className={failed ? 'po-gone' : `po-sheet po-sheet--${id}`}>
          <Canvas id={id} type="2d" className="po-canvas" {...aria({ role: 'img', label })} />
        </View>
      ) : painted.picture ? (
        <View id={`${id}-sheet`} className={`po-sheet po-sheet--${id}`}>
          <Image id={id} className="po-canvas" src={painted.picture} imgProps={{ alt: label }} />
        </View>
      ) : (
        !failed && <Coming id={id} words={coming} slow={false} />
      )}
    </>
  )
}
