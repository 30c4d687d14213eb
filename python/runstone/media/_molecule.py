"""Molecule: files of chemistry."""

from __future__ import annotations

from .. import _arguments, _core
from ._base import Media, check_caption, content_of, need, path_of

_RDKIT_READERS = {"mol": "MolFromMolFile", "sdf": "MolFromMolFile", "mol2": "MolFromMol2File"}


class Molecule(Media):
    """A molecule.

    Args:
        data_or_path: the path of a .pdb, .pqr, .mmcif, .mcif, .cif, .sdf, .sd, .gro, .mol2 or .mmtf file, or
            an open file (without a name it needs ``file_type=``).
        caption: shown below it; text, or a number.
        file_type: the extension, without a dot, of an open file that has no name.

    Raises:
        ValueError: another type or extension. FileNotFoundError: no file at the path.

    Follows: the class of that name of the stock client.
    """

    SUPPORTED_TYPES = {"pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf"}

    def __init__(self, data_or_path, caption: str | None = None, **kwargs) -> None:
        self._caption = check_caption(caption)
        file_type = kwargs.pop("file_type", None)
        if kwargs:
            raise TypeError(f"Molecule takes no argument {next(iter(kwargs))!r}")
        path = path_of(data_or_path) or path_of(getattr(data_or_path, "name", None))
        if path is not None:
            self._core_media = _core.Media.molecule_file(path, self._caption)
        elif hasattr(data_or_path, "read"):
            if file_type is None:
                raise ValueError("Must pass file_type keyword argument when using io objects.")
            file_type = _arguments.text("file_type", file_type, ValueError)
            self._core_media = _core.Media.molecule_bytes(content_of(data_or_path), file_type, self._caption)
        else:
            raise ValueError(
                f"a Molecule is made of a path or an open file, not of {type(data_or_path).__name__}"
            )

    @classmethod
    def from_rdkit(
        cls,
        data_or_path,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """A molecule of RDKit, stored as PDB.

        Args:
            data_or_path: the molecule, or the path of a .mol, .sdf or .mol2 file that RDKit reads.
            caption: shown with it.
            convert_to_3d_and_optimize: adds hydrogens and finds a shape in space.
            mmff_optimize_molecule_max_iterations: how long that may take.

        Returns:
            The Molecule.

        Raises:
            Error: the package rdkit is not installed. ValueError: RDKit cannot read it.
        """
        import io

        chem = need("rdkit.Chem", "Molecule.from_rdkit()", "rdkit")
        molecule = data_or_path
        if isinstance(data_or_path, str):
            reader = _RDKIT_READERS.get(data_or_path.rsplit(".", 1)[-1])
            if reader is None:
                raise ValueError(
                    f"from_rdkit() reads {', '.join(_RDKIT_READERS)} files, not {data_or_path!r}"
                )
            molecule = getattr(chem, reader)(data_or_path)
        if not isinstance(molecule, chem.rdchem.Mol):
            raise ValueError("from_rdkit() needs a molecule of RDKit or the path of a file that it can read")
        if convert_to_3d_and_optimize:
            all_chem = need("rdkit.Chem.AllChem", "Molecule.from_rdkit()", "rdkit")
            molecule = chem.AddHs(molecule)
            all_chem.EmbedMolecule(molecule)
            all_chem.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        return cls(io.StringIO(chem.rdmolfiles.MolToPDBBlock(molecule)), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """The molecule of a SMILES text.

        Args:
            data: the text.
            caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations: as from_rdkit().
            sanitize: whether RDKit checks the molecule.

        Returns:
            The Molecule.

        Raises:
            Error: the package rdkit is not installed. ValueError: no SMILES.
        """
        chem = need("rdkit.Chem", "Molecule.from_smiles()", "rdkit")
        molecule = chem.MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise ValueError(f"RDKit cannot read the SMILES {data!r}")
        return cls.from_rdkit(
            molecule, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations
        )
