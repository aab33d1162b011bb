/// A URL in the parts that manifests need (RFC 3986 section 3). Percent-encoding stays as it is.
package struct URLReference: Hashable, Sendable {
    /// With its "://"; nil for a reference without one.
    package var scheme: String?
    package var authority: String?
    /// With its leading slash, where it has one; neither query nor fragment.
    package var path: String
    /// Without its "?".
    package var query: String?

    package init(_ text: some StringProtocol) {
        var rest = Substring(text.prefix { $0 != "#" })
        if let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://"),
            !rest[..<colon].contains(where: { $0 == "/" || $0 == "?" })
        {
            scheme = rest[..<colon].lowercased()
            rest = rest[colon...].dropFirst(1)
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = rest[..<end].lowercased()
            rest = rest[end...]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        path = String(rest)
    }

    /// `reference` as seen from this URL (section 5.2.2).
    package func resolving(_ reference: URLReference) -> URLReference {
        var result = reference
        guard reference.scheme == nil else { return result }
        result.scheme = scheme
        guard reference.authority == nil else { return result }
        result.authority = authority
        if reference.path.isEmpty {
            result.path = path
            result.query = reference.query ?? query
        } else if reference.path.hasPrefix("/") {
            result.path = Self.withoutDots(reference.path)
        } else {
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? (authority == nil ? "" : "/")
            result.path = Self.withoutDots(folder + reference.path)
        }
        return result
    }

    /// Takes "." and ".." out (section 5.2.4).
    private static func withoutDots(_ path: some StringProtocol) -> String {
        guard path.contains("./") || path.hasSuffix("/.") || path.hasSuffix("..") else { return String(path) }
        var kept: [Substring] = []
        let parts = Substring(path).split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if part == ".." {
                if kept.count > 1 { kept.removeLast() }
                if isLast { kept.append("") }
            } else if part == "." {
                if isLast { kept.append("") }
            } else {
                kept.append(part)
            }
        }
        return kept.joined(separator: "/")
    }

    /// The value of a field of the query, as it stands.
    package func queryValue(_ name: String) -> Substring? {
        for field in (query ?? "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.first.map(String.init) == name { return parts.count > 1 ? parts[1] : "" }
        }
        return nil
    }
}
