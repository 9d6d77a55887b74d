import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useMemo } from 'react'
import { api } from '../../lib/api'
import type { Drawing } from '../../lib/canvas'
import { go } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { usePainted } from '../../lib/use-painted'
import { KeepPicture } from '../../ui/keep-picture'
import { Page } from '../../ui/page'
import { PosterStage } from '../../ui/poster-stage'
import { Empty } from '../../ui/states'
import '../../ui/poster.css'
import { type CertificateWords, certificateWords } from './certificate-words'
import { drawCertificate, HEIGHT, SCALE, WIDTH } from './draw-certificate'
import { isWorn } from './honour-words'
import './honour.css'

const drawingOf = (words: CertificateWords): Drawing => ({
  ...{ width: WIDTH, height: HEIGHT, scale: SCALE },
  draw: (pen) => drawCertificate(pen, words),
})

/** A sheet to keep: which honour, whose, for how long, and from whom. */
export default function CertificatePage() {
  const { id = '' } = useRouter().params
  const honours = useRead(['honours'], () => api.honour.mine.query(), { keepAs: 'honours' })
  const me = useRead(['me'], () => api.member.me.query(), { keepAs: 'me' })
  const honour = honours.data?.honours.find(({ honourId }) => honourId === id)
  const name = me.data?.displayName
  const words = useMemo(
    () => (honour && isWorn(honour) && name ? certificateWords(honour, name, DEMO_POLICY.brand) : null),
    [honour, name],
  )
  const drawing = useMemo(() => words && drawingOf(words), [words])
  const painted = usePainted('certificate', drawing)
  const again = () => void Promise.all([honours.reload(), me.reload()])
  if (honours.data && !(honour && isWorn(honour)))
    return (
      <Page>
        <Empty
          title="这张证书现在没有"
          sub="戴着它的时候，证书就在这里"
          action="我的荣誉"
          onAction={() => go('/pages/honour/honours')}
        />
      </Page>
    )
  return (
    <Page wide onRefresh={async () => again()}>
      <PosterStage
        id="certificate"
        title="证书"
        coming="正在写证书"
        label={words ? `证书：${words.name}，「${words.honour}」，${words.term}，${words.brand}` : '证书'}
        painted={painted}
        known={words !== null}
        fault={honours.fault ?? me.fault}
        slow={honours.slow || me.slow}
        onRetry={again}
        actions={
          words && (
            <View>
              <KeepPicture
                painted={painted}
                noun="证书"
                fileName={`${words.brand}-${words.honour}.png`}
                saved="存好了，留作纪念"
                hint="长按证书，也能保存"
              />
            </View>
          )
        }
      />
    </Page>
  )
}
