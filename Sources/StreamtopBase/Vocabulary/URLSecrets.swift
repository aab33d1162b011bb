/// URLs as they may be shown: what lets whoever reads them in is masked.
///
/// Masked are values of fields of the query whose names say that they are keys, tokens, signatures or passwords (RFC 6750 section 2.3,
/// signed URLs of CloudFront, Akamai, S3 and Azure, stream keys), and the password of an authority (RFC 3986 section 3.2.1). A secret
/// that is part of the path cannot be told from a name: it stays.
package enum URLSecrets {
    package static var mask: String { "***" }

    /// Names as they stand, or endings and parts of names, all in lower case.
    private static let names = ["sig", "sign", "auth", "pass", "pwd", "jwt", "hmac"]
    private static let endings = [
        "key", "token", "secret", "password", "passwd", "signature", "credential", "authsign",
    ]
    private static let beginnings = ["hdnt", "token"]

    package static func masked(_ url: String?) -> String? { url.map { masked($0) } }

    package static func masked(_ url: String) -> String {
        let bytes = url.utf8
        guard bytes.contains(0x3f) || bytes.contains(0x40) else { return url }
        var (head, query) = (url[...], Substring())
        if let mark = url.firstIndex(of: "?") { (head, query) = (url[..<mark], url[mark...].dropFirst()) }
        var text = withoutPassword(head)
        guard head.endIndex < url.endIndex else { return text }
        text.append("?")
        var isFirst = true
        for field in query.split(separator: "&", omittingEmptySubsequences: false) {
            if !isFirst { text.append("&") }
            isFirst = false
            let name = field.prefix { $0 != "=" }
            if name.endIndex < field.endIndex, field.count > name.count + 1, isSecret(name.lowercased()) {
                text += name + "=" + mask
            } else {
                text += field
            }
        }
        return text
    }

    private static func isSecret(_ name: String) -> Bool {
        names.contains(name) || endings.contains { name.hasSuffix($0) } || beginnings.contains { name.hasPrefix($0) }
    }

    /// Of "scheme://user:password@host/path", and without a scheme of "user:password@host:port".
    private static func withoutPassword(_ head: Substring) -> String {
        var start = head.startIndex
        if let colon = head.firstIndex(of: ":"), head[colon...].hasPrefix("://") {
            start = head.index(colon, offsetBy: 3)
        }
        let authority = head[start...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return String(head)
        }
        return String(head[...colon]) + mask + String(head[at...])
    }
}
