/// Finds what was probably meant by a misspelt name: of a theme's role, a filter's field, a configuration's key.
package enum NearestName {
    /// The candidate with the smallest edit distance; nil when even that one shares too little with `name`.
    package static func of(_ name: String, among candidates: [String]) -> String? {
        let limit = max(2, name.count / 2)
        return candidates.map { (candidate: $0, distance: distance(name, $0)) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?.candidate
    }

    /// Levenshtein distance, one row at a time.
    private static func distance(_ left: String, _ right: String) -> Int {
        let target = Array(right.lowercased().unicodeScalars)
        var row = Array(0...target.count)
        for (index, scalar) in left.lowercased().unicodeScalars.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let substitution = diagonal + (target[column] == scalar ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substitution, min(diagonal, row[column]) + 1)
            }
        }
        return row[target.count]
    }
}
