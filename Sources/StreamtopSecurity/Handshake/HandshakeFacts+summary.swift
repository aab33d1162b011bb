import StreamtopBase
import StreamtopModel

/// What the handshake came to, concluded from the messages seen.
extension HandshakeFacts {
    /// Whether, and from when on, the client was free to send application data, and what it had waited for.
    private var isComplete: Bool {
        guard version != nil else { return false }
        if isVersion13 { return moments.clientFinished != nil || moments.firstClientData != nil }
        if isAbbreviated { return moments.clientFinished != nil || moments.firstClientData != nil }
        return moments.serverFinished != nil || moments.firstClientData != nil
    }

    /// The handshake's kind, round trips and duration.
    ///
    /// - Parameters:
    ///   - earlyAccepted: the early data was taken; nil when none was offered or it cannot be told.
    ///   - serverRoundTrip: shortest time from the capture point to the server and back, to tell waiting for the path
    ///     from waiting for the server.
    func summary(earlyAccepted: Bool?, serverRoundTrip: Nanoseconds?) -> HandshakeSnapshot {
        var handshake = tls.handshake
        if let hello = moments.lastClientHello, let answer = moments.serverHello, let serverRoundTrip {
            handshake.serverTime = max(0, answer - hello - serverRoundTrip)
        }
        guard isComplete else { return handshake }
        handshake.kind = kind(earlyAccepted: earlyAccepted)
        // Without its beginning a handshake has no length.
        guard clientHellos > 0 else { return handshake }
        if offersEarlyData, isVersion13, earlyAccepted == nil {
            handshake.roundTrips = nil
        } else {
            handshake.roundTrips = earlyAccepted == true ? 0 : roundTrips(falseStart: handshake.falseStart)
        }
        // What passed before the hello belongs to no handshake of its.
        if let start = moments.firstClientHello, let end = clientMaySend, end >= start {
            handshake.duration = end - start
        }
        return handshake
    }

    private func kind(earlyAccepted: Bool?) -> HandshakeSnapshot.Kind {
        if helloRetry { return .helloRetry }
        if earlyAccepted == true { return .zeroRTT }
        if isVersion13 { return pskAccepted ? .psk : .full }
        return isAbbreviated ? .resumed : .full
    }

    /// Times that the client had to wait for an answer before it could send application data.
    private func roundTrips(falseStart: Bool) -> Int {
        let extra = (helloRetry ? 1 : 0) + (helloVerify ? 1 : 0)
        if isVersion13 || isAbbreviated || falseStart { return extra + 1 }
        return extra + 2
    }

    /// The moment from which the client could send, seen from the capture point.
    private var clientMaySend: Timestamp? {
        if isVersion13 || isAbbreviated { return moments.clientFinished ?? moments.firstClientData }
        guard let serverFinished = moments.serverFinished else { return moments.firstClientData }
        // The server's Finished must still reach the client and the answer come back past the capture point. How long that
        // takes was seen when the client answered the server's first flight.
        var clientTrip: Nanoseconds = 0
        if let asked = moments.serverHelloDone ?? moments.serverHello, let answered = moments.clientKeyExchange {
            clientTrip = max(0, answered - asked)
        }
        let estimate = serverFinished + clientTrip
        guard let data = moments.firstClientData else { return estimate }
        return min(data, estimate)
    }
}

extension [HandshakeStep] {
    /// By time, steps of one moment as they were found, at most `limit`. A step concluded from the shape of a record gives way
    /// to the same step read from it.
    func inOrder(limit: Int) -> [HandshakeStep] {
        let known = filter { step in
            !step.inferred || !contains { !$0.inferred && $0.step == step.step && $0.from == step.from }
        }
        let sorted = known.enumerated().sorted { left, right in
            left.element.time == right.element.time
                ? left.offset < right.offset : left.element.time < right.element.time
        }
        return sorted.prefix(limit).map(\.element)
    }
}
