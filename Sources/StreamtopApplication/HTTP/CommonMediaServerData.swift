import StreamtopModel
import StreamtopWire

/// Common Media Server Data, what an origin and the servers on the way tell of a response (CTA-5006): `CMSD-Static` from the origin,
/// and `CMSD-Dynamic`, to which each hop may add `"name";key=value;…`. Server-Timing (W3C) has the form of the latter.
enum CommonMediaServerData {
    static let hopCapacity = 16

    static func snapshot(of fields: [HTTPField]) -> HTTPServerDataSnapshot? {
        var snapshot = HTTPServerDataSnapshot()
        for field in fields {
            switch field.name {
            case "cmsd-static": CommonMediaClientData.add(field.value, to: &snapshot.fixed)
            case "cmsd-dynamic": addHops(field.value, to: &snapshot.hops)
            case "server-timing": addHops(field.value, to: &snapshot.timings)
            default: break
            }
        }
        return snapshot.fixed.isEmpty && snapshot.hops.isEmpty && snapshot.timings.isEmpty ? nil : snapshot
    }

    private static func addHops(_ text: String, to hops: inout [HTTPServerDataSnapshot.Hop]) {
        for member in CommonMediaClientData.split(text[...], at: ",") where hops.count < hopCapacity {
            let parts = CommonMediaClientData.split(member, at: ";")
            guard let first = parts.first else { continue }
            var name = CommonMediaClientData.trimmed(first)
            if name.hasPrefix("\""), name.hasSuffix("\""), name.utf8.count >= 2 {
                name = String(name.dropFirst().dropLast())
            }
            var hop = HTTPServerDataSnapshot.Hop(name: String(name.prefix(CommonMediaClientData.valueLimit)))
            for part in parts.dropFirst() { CommonMediaClientData.add(String(part), to: &hop.data) }
            hops.append(hop)
        }
    }
}
