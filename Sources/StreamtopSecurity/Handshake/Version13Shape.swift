import StreamtopBase
import StreamtopCrypto

/// What sizes and order of encrypted records tell of a TLS 1.3 handshake that cannot be opened.
///
/// The client's flight after the ServerHello ends in a Finished, whose record has a size fixed by the hash; before it,
/// EndOfEarlyData has a size of its own and is sent only when the early data was taken (RFC 8446 section 4.5).
struct Version13Shape: Sendable {
    private(set) var firstEarlyData: Timestamp?
    /// Application bytes of early data, padding taken for data.
    private(set) var earlyBytes: UInt64 = 0
    private(set) var earlyAccepted: Bool?
    private(set) var serverFlightStart: Timestamp?
    private(set) var serverFlightEnd: Timestamp?
    private(set) var clientFinished: Timestamp?
    private(set) var finishedBytes: Int?
    private(set) var firstClientData: Timestamp?
    private(set) var firstServerData: Timestamp?

    /// A protected record passed. `overhead` is what the tag and the type byte add, `finished` the hash's size.
    mutating func record(
        from direction: Direction, length: Int, at time: Timestamp, offersEarlyData: Bool, earlyRejected: Bool,
        serverAnswered: Bool, overhead: Int, finished: Int
    ) {
        let content = max(0, length - overhead)
        if direction == .fromServer {
            if clientFinished == nil {
                serverFlightStart = serverFlightStart ?? time
                serverFlightEnd = time
            } else if firstClientData != nil, firstServerData == nil {
                firstServerData = time
            }
            return
        }
        guard clientFinished == nil else {
            firstClientData = firstClientData ?? time
            return
        }
        let isFinished = content == finished + 4
        if offersEarlyData, earlyAccepted == nil {
            if !serverAnswered || !(isFinished || content == 4) {
                firstEarlyData = firstEarlyData ?? time
                earlyBytes += UInt64(content)
                return
            }
            if content == 4, !earlyRejected {
                earlyAccepted = true
                return
            }
            earlyAccepted = false
        }
        guard serverAnswered else { return }
        clientFinished = time
        finishedBytes = isFinished ? content : nil
    }
}
