import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Which media an exchange is about, and which exchanges are under way.
extension MediaSessionTracker {
    func identity(of exchange: MediaExchange) -> MediaIdentity? {
        guard let text = exchange.url else { return nil }
        let url = URLReference(text)
        let range = exchange.requestRange
        if let known = manifests.identity(of: url, range: range) { return known }
        guard let kind = MediaBodyKind(type: exchange.contentType, path: url.path),
            kind == .fragments || kind == .transportStream
        else { return nil }
        return MediaAddressPattern.identity(of: url)
    }

    func type(of identity: MediaIdentity) -> MediaType {
        identity.type != .unknown ? identity.type : types[identity.representation] ?? .unknown
    }

    func initialization(of representation: String, _ identity: MediaIdentity?) -> InitializationSegment? {
        if let map = identity?.map, let named = initializations.last(where: { $0.url.isSame(map) }) {
            return named.tracks
        }
        if let own = initializations.first(where: { $0.representation == representation }) { return own.tracks }
        // By their looks: "init-2" beside "chunk-2", or beside "rep2.m3u8".
        let digits = Self.digits(representation)
        let alike = initializations.filter { Self.digits($0.representation) == digits }
        return alike.count == 1 ? alike[0].tracks : nil
    }

    static func digits(_ name: String) -> String {
        name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex).filter(\.isNumber)
    }

    func position(_ segment: Int) -> Int? {
        let position = segment - firstSegment
        return segments.indices.contains(position) ? position : nil
    }

    mutating func update(_ segment: Int, _ body: (inout MediaSegment) -> Void) {
        if let position = position(segment) { body(&segments[position]) }
    }

    mutating func remember(_ name: ExchangeName, _ identity: MediaIdentity?, segment: Int? = nil) {
        if let index = open.firstIndex(where: { $0.name == name }) {
            open[index].identity = identity
            open[index].segment = segment ?? open[index].segment
            return
        }
        if open.count >= Self.openCapacity { open.removeFirst() }
        open.append(OpenExchange(name: name, identity: identity, segment: segment))
    }

    mutating func forget(_ name: ExchangeName) { open.removeAll { $0.name == name } }
}
