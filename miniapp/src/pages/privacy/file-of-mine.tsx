import { View } from '@tarojs/components'
import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { copyText } from '../../lib/copy-text'
import { platform } from '../../lib/device'
import { useCommand } from '../../lib/query'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { downloadFile, dropFile, fetchFile, sendFile } from './take-file'

/** Everything that is kept of me, in one file that I can read and keep. */
export const FileOfMine = () => (
  <Panel pad>
    <View className="hy-title">下载我的全部资料</View>
    <View className="hy-2 hy-mt1">身份、同意、积分、消费、券和兑换，一份文件，打开就能读。其他人的信息不在里面。</View>
    {platform === 'weapp' ? <InWechat /> : <InBrowser />}
  </Panel>
)

function InBrowser() {
  const [told, setTold] = useState('')
  const take = useCommand(async (how: 'download' | 'copy') => {
    const { path } = await api.privacy.exportLink.mutate()
    if (how === 'download') downloadFile(path)
    setTold(
      how === 'download'
        ? '已开始下载。没有动静的话，复制链接到浏览器里打开。'
        : (await copyText(`${window.location.origin}${path}`, '链接已复制'))
          ? '链接五分钟内有效，只能打开一次，请不要发给别人。'
          : '没能复制，请换一个浏览器再试。',
    )
  })
  return (
    <View className="hy-mt4">
      {take.fault && <FaultNote fault={take.fault} />}
      <Button id="export" block kind="secondary" busy={take.busy} onTap={() => void take.run('download')}>
        下载
      </Button>
      <Button id="export-copy" block kind="ghost" busy={take.busy} onTap={() => void take.run('copy')}>
        复制一次性链接
      </Button>
      {told !== '' && <View className="hy-caption hy-2 hy-mt2">{told}</View>}
    </View>
  )
}

function InWechat() {
  const [file, setFile] = useState<string | null>(null)
  const [sent, setSent] = useState(false)
  const make = useCommand(async () => {
    const { path } = await api.privacy.exportLink.mutate()
    setFile(await fetchFile(path))
  })
  useEffect(() => () => void (file && dropFile(file)), [file])
  const send = async () => {
    if (file && (await sendFile(file))) setSent(true)
  }
  return (
    <View className="hy-mt4">
      {make.fault && <FaultNote fault={make.fault} />}
      {file ? (
        <Button id="export-send" block kind="secondary" onTap={() => void send()}>
          {sent ? '再发送一次' : '发送到聊天'}
        </Button>
      ) : (
        <Button id="export" block kind="secondary" busy={make.busy} onTap={() => void make.run(undefined)}>
          准备文件
        </Button>
      )}
      {file && (
        <View className="hy-caption hy-2 hy-mt2">
          {sent
            ? '已经发出。请自己保管好，离开这一页后手机上不留副本。'
            : '文件准备好了。可以发给自己的「文件传输助手」。'}
        </View>
      )}
    </View>
  )
}
