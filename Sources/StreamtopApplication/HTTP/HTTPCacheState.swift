import StreamtopModel
import StreamtopWire

/// What a response says of the caches it came through: Cache-Status (RFC 9211), else X-Cache, which many caches write in
/// words of their own, else Age (RFC 9111 section 5.1).
enum HTTPCacheState {
    static func snapshot(of fields: [HTTPField]) -> HTTPCacheSnapshot? {
        var age: Int?
        var status: HTTPCacheSnapshot.State?
        var other: HTTPCacheSnapshot.State?
        for field in fields {
            switch field.name {
            case "age": age = age ?? Int(field.value).flatMap { $0 >= 0 ? $0 : nil }
            case "cache-status": status = state(ofStatus: field.value) ?? status
            case "x-cache", "x-cache-status", "cf-cache-status": other = other ?? state(ofWords: field.value)
            default: break
            }
        }
        if let status { return HTTPCacheSnapshot(state: status, age: age, source: .cacheStatus) }
        if let other { return HTTPCacheSnapshot(state: other, age: age, source: .otherField) }
        // Only a stored response has an age above zero.
        guard let age else { return nil }
        return HTTPCacheSnapshot(state: age > 0 ? .hit : .unknown, age: age, source: .age)
    }

    /// The last member is the cache nearest to the client: `name; hit; ttl=30`, `name; fwd=uri-miss; stored`.
    private static func state(ofStatus value: String) -> HTTPCacheSnapshot.State? {
        guard let nearest = value.split(separator: ",").last else { return nil }
        for part in nearest.split(separator: ";").dropFirst() {
            let parameter = trimmed(part)
            if parameter == "hit" || parameter == "hit=?1" { return .hit }
            guard parameter.hasPrefix("fwd=") else { continue }
            switch parameter.dropFirst(4) {
            case "miss", "uri-miss", "vary-miss", "partial", "request", "method": return .miss
            case "stale": return .stale
            case "bypass": return .bypass
            default: return .unknown
            }
        }
        return nil
    }

    /// `HIT`, `MISS from proxy`, `TCP_HIT`, of several caches the last.
    private static func state(ofWords value: String) -> HTTPCacheSnapshot.State? {
        guard let nearest = value.split(separator: ",").last.map(trimmed) else { return nil }
        let word = nearest.prefix { $0 != " " }.lowercased()
        // Longer words first: nginx says UPDATING for a stale answer, EXPIRED for one that it had to fetch.
        for (part, state) in words where word.contains(part) { return state }
        return nil
    }

    private static let words: [(String, HTTPCacheSnapshot.State)] = [
        ("revalidated", .revalidated), ("refreshhit", .revalidated), ("refresh_hit", .revalidated),
        ("updating", .stale),
        ("stale", .stale), ("expired", .miss), ("bypass", .bypass), ("dynamic", .bypass), ("miss", .miss),
        ("hit", .hit),
    ]

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
