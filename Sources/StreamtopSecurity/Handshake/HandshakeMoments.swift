import StreamtopBase

/// When the turning points of a handshake passed the capture point; nil where they were not seen.
struct HandshakeMoments: Sendable {
    var firstClientHello: Timestamp?
    /// The one that the server answered with a ServerHello.
    var lastClientHello: Timestamp?
    var serverHello: Timestamp?
    var serverHelloDone: Timestamp?
    var clientKeyExchange: Timestamp?
    var serverFinished: Timestamp?
    var clientFinished: Timestamp?
    var firstClientData: Timestamp?
    var firstServerData: Timestamp?
}
