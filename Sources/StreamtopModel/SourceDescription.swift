import StreamtopBase

/// Where the frames of a run come from.
package struct SourceDescription: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case file, interface
    }
    package var kind: Kind
    /// File names or interface names, as the user gave them.
    package var names: [String]
    package var linkTypes: [LinkType]
    /// Bytes kept of each frame; nil when the source does not limit them or does not say.
    package var snapLength: Int?
    /// The capture filter in libpcap's language; nil without one.
    package var filter: String?
    /// Stamp of the first frame, or the moment a live capture began; nil when there was no frame.
    package var start: Timestamp?

    package init(
        kind: Kind, names: [String], linkTypes: [LinkType] = [], snapLength: Int? = nil, filter: String? = nil,
        start: Timestamp? = nil
    ) {
        self.kind = kind
        self.names = names
        self.linkTypes = linkTypes
        self.snapLength = snapLength
        self.filter = filter
        self.start = start
    }
}

/// A network interface that can be captured from.
package struct InterfaceDescription: Equatable, Sendable {
    package var name: String
    package var summary: String?
    package var addresses: [IPAddress]
    package var isUp: Bool
    package var isRunning: Bool
    package var isLoopback: Bool
    package var isWireless: Bool

    package init(
        name: String, summary: String? = nil, addresses: [IPAddress] = [], isUp: Bool = false, isRunning: Bool = false,
        isLoopback: Bool = false, isWireless: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.addresses = addresses
        self.isUp = isUp
        self.isRunning = isRunning
        self.isLoopback = isLoopback
        self.isWireless = isWireless
    }
}
