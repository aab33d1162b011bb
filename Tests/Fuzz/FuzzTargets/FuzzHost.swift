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
            _ = MultipathMessage.connection(body, token: 0x84a6_337c)  // of the seed
            _ = QdiscMessage(type: type, body)?.details?.measuredDelay
            _ = LinkMessage(body)
            _ = RouteMessage.route(type, body)
            _ = NeighbourMessage(type: type, body)
            _ = ConntrackMessage.translation(body).map { $0.counterpart(of: $0.before) }
            _ = EthtoolMessage.family(body)
            _ = EthtoolMessage.rings(body)
            _ = EthtoolMessage.pauses(body)
            _ = EthtoolMessage.lost(body)
        }
    } else {
        let text = String(decoding: rest, as: UTF8.self)
        _ = ProcText.counters(text)
        let ends = (0..<4).map { Endpoint(address: IPAddress(v4: 0x0a00_0001 + $0), port: 443) }
        _ = ConntrackText.translations(
            rest,
            of: [
                FlowKey(source: ends[0], destination: ends[1], transport: 6),
                FlowKey(source: ends[2], destination: ends[3], transport: 17),
            ])
        _ = ProcText.softNet(text)
        _ = ProcText.socketStatistics(text)
        _ = ProcText.pressure(text)
        _ = ProcText.numbers(text)
        _ = ProcText.container(text)
        _ = ProcText.socketInode(Substring(text))
    }
}
