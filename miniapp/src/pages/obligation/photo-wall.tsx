import { Image, Text, View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { aria } from '../../ui/aria'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import type { Photo } from './photos'
import type { Photos } from './use-photos'

/** The pictures of a hand-in: each with how far it is on its way, a second try, and the way out. */
export function PhotoWall({ least, most, all }: { least: number; most: number; all: Photos }) {
  const { photos } = all
  const failed = photos.find(({ state }) => state === 'failed')
  return (
    <View className="hy-field">
      <Text className="hy-field__label">{least > 0 ? `照片，${least} 到 ${most} 张` : `照片，最多 ${most} 张`}</Text>
      <View id="photos" className="ob-photos">
        {photos.map((photo, index) => (
          <Tile key={photo.key} photo={photo} nth={index + 1} all={all} />
        ))}
        {photos.length < most && (
          <View className="ob-photo__place">
            <View
              id="photo-add"
              className="ob-photo ob-photo--add"
              {...tapProps(() => void all.add(most - photos.length), `加照片，${photos.length} / ${most}`)}
            >
              <Icon name="camera" />
              <View className="hy-caption">{`${photos.length} / ${most}`}</View>
            </View>
          </View>
        )}
      </View>
      {failed?.fault && <View className="hy-field__hint hy-field__hint--bad">{saidOf(failed.fault)}</View>}
    </View>
  )
}

function saidOf(fault: NonNullable<Photo['fault']>): string {
  const { title, detail } = faultText(fault)
  return detail ? `${title}，${detail}` : title
}

function Tile({ photo, nth, all }: { photo: Photo; nth: number; all: Photos }) {
  const { state, path, progress } = photo
  return (
    <View className="ob-photo__place">
      <View className="ob-photo">
        <Image className="ob-photo__image" src={path} mode="aspectFill" imgProps={{ alt: `第 ${nth} 张照片` }} />
        {state === 'sending' && (
          <View className="ob-photo__over" {...aria({ role: 'status', label: `正在上传第 ${nth} 张` })}>
            <View className="ob-photo__bar">
              <View className="ob-photo__done" style={{ width: `${Math.round(progress * 100)}%` }} />
            </View>
          </View>
        )}
        {state === 'failed' && (
          <View
            id={`photo-again-${nth}`}
            className="ob-photo__over ob-photo__over--bad"
            {...tapProps(() => all.again(photo), `第 ${nth} 张没传上，再传一次`)}
          >
            <Icon name="again" size="m" />
            <View className="hy-caption">再传一次</View>
          </View>
        )}
      </View>
      <View
        id={`photo-remove-${nth}`}
        className="ob-photo__x"
        {...tapProps(() => all.remove(photo), `去掉第 ${nth} 张照片`)}
      >
        <View className="ob-photo__x-in">
          <Icon name="x" size="s" />
        </View>
      </View>
    </View>
  )
}
