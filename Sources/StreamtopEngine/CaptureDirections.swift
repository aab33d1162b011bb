import StreamtopBase

/// Whether the capture holds what servers answer, or only what clients ask.
///
/// A mirror of one direction of a port shows a hundred clients to whom nobody answers. Whoever reads "does not answer" there
/// looks for an outage that is none.
struct CaptureDirections {
    /// Flows of which both ends spoke.
    private(set) var answered: UInt64 = 0
    /// The first servers that were spoken to, all different.
    private var servers: [IPAddress] = []

    /// So many servers are not silent together by chance: they, or the way back, are not in the capture (own; one dead service
    /// or one dead host gives one silent server, or two).
    private static let enough = 3

    /// No flow was answered, whichever server was asked.
    var isOneWay: Bool { answered == 0 && servers.count >= Self.enough }

    /// A flow was opened towards `server`. Groups never answer.
    mutating func ask(_ server: IPAddress) {
        guard answered == 0, servers.count < Self.enough, !server.isMulticast, !servers.contains(server) else { return }
        servers.append(server)
    }

    /// Both ends of a flow have spoken.
    mutating func answer() {
        answered += 1
        servers = []
    }
}
