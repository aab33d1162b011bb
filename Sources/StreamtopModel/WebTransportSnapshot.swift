import StreamtopBase

/// One WebTransport session of an HTTP/3 connection (draft-ietf-webtrans-http3): streams and datagrams that belong to one request.
package struct WebTransportSnapshot: Equatable, Sendable {
    /// What one end opened and sent.
    package struct End: Equatable, Sendable {
        package var unidirectional = 0
        package var bidirectional = 0
        /// Content of streams, without what names their session.
        package var bytes: UInt64 = 0
        package var datagrams = 0
        package var datagramBytes: UInt64 = 0
        /// Streams that it broke off.
        package var resets = 0

        package init() {}
    }

    /// The stream of the request, which is the session's name.
    package var identifier: UInt64
    package var url: String?
    /// What both ends agreed to speak in it.
    package var subprotocol: String?
    package var start: Timestamp
    /// nil while the request was not answered.
    package var isAccepted: Bool?
    /// From the request to its answer.
    package var setup: Nanoseconds?
    package var end: Timestamp?
    /// Why it was closed, where an end said so.
    package var closeCode: UInt32?
    package var closeReason: String?
    package var ends = BothDirections(client: End(), server: End())

    package init(identifier: UInt64, url: String?, start: Timestamp) {
        self.identifier = identifier
        self.url = url
        self.start = start
    }
}

/// Media over QUIC, as far as its drafts stand still: that it is spoken, in which version, and how its groups follow each other.
package struct MediaOverQUICSnapshot: Equatable, Sendable {
    /// What the ends agreed on by name: of ALPN, or of WebTransport.
    package var name: String
    /// Number of the draft, where the ends told it.
    package var draft: Int?
    /// Streams with objects of media, by the end that sent them.
    package var streams = BothDirections(client: 0, server: 0)
    /// Tracks told apart, and groups begun over all of them.
    package var tracks = 0
    package var groups = 0
    /// From the first stream of a group to that of the next of its track.
    package var groupInterval: DurationSpread?

    package init(name: String) { self.name = name }
}
