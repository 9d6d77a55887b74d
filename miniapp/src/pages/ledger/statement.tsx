import { View } from '@tarojs/components'
import Taro, { useRouter } from '@tarojs/taro'
import { useEffect, useState } from 'react'
import { refresh } from '../../lib/query'
import { Page } from '../../ui/page'
import { Views } from '../../ui/views'
import { Balance } from './balance'
import { Lots } from './lots'
import { Movements } from './movements'
import './statement.css'

const VIEWS = [
  { view: 'lines', name: '明细' },
  { view: 'lots', name: '积分批次' },
] as const

type Shown = (typeof VIEWS)[number]['view']

/** Every movement of points and growth in words, and what is left lot by lot. */
export default function Statement() {
  const { params } = useRouter()
  const [view, setView] = useState<Shown>(params.view === 'lots' ? 'lots' : 'lines')
  useEffect(() => {
    if (process.env.TARO_ENV === 'weapp') void Taro.pageScrollTo({ scrollTop: 0, duration: 0 }).catch(() => {})
  }, [view])
  return (
    <Page onRefresh={() => refresh('home', 'statement', 'lots')}>
      <Balance />
      <View className="lg-views">
        <Views views={VIEWS} on={view} onChange={setView} />
      </View>
      {view === 'lots' ? <Lots /> : <Movements />}
    </Page>
  )
}
