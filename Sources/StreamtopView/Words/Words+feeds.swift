/// Words of media flows: SRT, transport streams, RTMP, RTSP.
extension Words {
    static let srtGroup = "SRT"
    static let transportStreamGroup = "Transport stream"
    static let rtmpGroup = "RTMP"
    static let rtspGroup = "RTSP"
    static let encryptedWord = "encrypted"
    static let clearWord = "clear"
    static let latencyLabel = "latency"
    static let budgetLabel = "round trips in it"
    static let lostAndRepaired = "lost, came again"
    static let tooLateLabel = "too late, never"
    static let continuityLabel = "continuity errors"
    static let programLabel = "carries"
    static let referencesLabel = "clock references"
    static let roleLabel = "role"
    static let videoLabel = "video"
    static let audioLabel = "audio"
    static let keyFramesLabel = "key frame every"
    static let mediaBehind = "media behind"
    static let setUpLabel = "set-up"
    static let carriedBy = "media in"

    static func brokenBy(_ position: String) -> String {
        switch position {
        case "before_tap": "broken before the capture"
        case "network": "by the network"
        default: "by whom is not known"
        }
    }
}
