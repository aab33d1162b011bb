import StreamtopBase
import StreamtopHost

/// Answers of the kernel and files below /proc: the first byte chooses. The host is not hostile, a container's file may be.
func fuzzHost(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    if choice & 1 == 0 {
        let span = rest.span
        let content = unsafe span.bytes
        let answer = NetlinkAnswer(isDump: choice & 2 == 0)
        _ = try? answer.read(content) { type, body in
            _ = SocketMessage.socket(body, at: Timestamp(nanoseconds: 0))
            _ = SocketMessage.memory(body)
            _ = QdiscMessage(type: type, body)?.details?.measuredDelay
            _ = LinkMessage(body)
        }
    } else {
        let text = String(decoding: rest, as: UTF8.self)
        _ = ProcText.counters(text)
        _ = ProcText.softNet(text)
        _ = ProcText.socketStatistics(text)
        _ = ProcText.pressure(text)
        _ = ProcText.numbers(text)
        _ = ProcText.container(text)
        _ = ProcText.socketInode(Substring(text))
    }
}
